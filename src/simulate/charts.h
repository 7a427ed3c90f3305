#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "event/catalogue.h"
#include "simulate/behaviour.h"
#include "simulate/draw.h"
#include "simulate/population.h"

namespace sdp::simulate {

/// The share of plays of rank k of `songs`, from 0, in whole numbers: pieces of 1 / rank^exponent that meet
/// at the breaks.
std::vector<std::uint64_t> popularity_weights(const Behaviour& behaviour, std::uint32_t songs);

/// Which songs are played when.
class Charts {
 public:
  struct Song {
    std::int64_t out_ms = 0;  ///< when it comes out; 0: long ago
    /// Its share of skips beside that of the mean, in q32.
    std::uint64_t skips = kOne;
    std::uint8_t genre = 0;
  };
  struct Spike {
    std::int64_t begin_ms = 0;
    std::uint32_t song = 0;
  };

  Charts(const Behaviour& behaviour, std::uint32_t songs, const Rng& fixed, const Rng& happenings,
         std::int64_t start_ms);

  /// To be called before pick() as time goes on.
  void advance(std::int64_t now_ms);
  std::uint32_t pick(const Person& person, Rng& rng) const;
  /// The one song of a bot.
  std::uint32_t pick_for_bot(Rng& rng) const { return all_.pick(rng); }

  const Song& song(std::uint32_t number) const { return songs_[number]; }
  std::uint8_t favourite(const Person& person) const;

 private:
  struct Genre {
    std::uint32_t end = 0;  ///< of the plays, in q32: where the next one begins
    std::vector<std::uint32_t> songs;
    WeightedDraw draw;
  };
  struct Burst {
    std::uint64_t end = 0;  ///< of a draw, in q32
    std::uint32_t song = 0;
  };

  void set_genres(const Behaviour& behaviour, const std::vector<std::uint64_t>& weights, Rng rng);
  void set_skips(const Behaviour& behaviour, const std::vector<std::uint64_t>& weights, Rng rng);
  void set_releases(const Behaviour& behaviour, Rng rng, std::int64_t start_ms);
  void set_bursts();
  Spike spike(std::uint64_t number) const;
  bool is_out(std::uint32_t song) const { return songs_[song].out_ms <= now_ms_; }

  std::vector<Song> songs_;
  WeightedDraw all_;
  std::vector<Genre> genres_;
  std::uint64_t favourite_genre_;
  /// In the order in which they come out.
  std::vector<std::uint32_t> releases_;
  std::size_t new_begin_ = 0;
  std::size_t new_end_ = 0;
  std::int64_t new_ms_;
  std::uint64_t new_plays_;

  Rng spikes_;
  std::int64_t spikes_begin_;
  std::uint64_t spike_every_ms_;  ///< 0: never
  std::uint64_t spike_plays_;
  std::uint64_t spike_half_life_ms_;
  std::vector<Burst> bursts_;
  std::int64_t now_ms_ = 0;
};

}  // namespace sdp::simulate
