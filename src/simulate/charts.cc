#include "simulate/charts.h"

#include <algorithm>

#include "simulate/habits.h"

namespace sdp::simulate {
namespace {

constexpr std::uint32_t kHead = 6;  ///< songs that are out from the beginning: those of the seed catalogue
constexpr std::int64_t kReleaseDays = 365;
constexpr std::int64_t kWeekMs = 7 * kDayMs;
/// Spikes begin before the start, so that it is like any other time.
constexpr std::int64_t kSpikesBeforeMs = 8 * kWeekMs;
constexpr std::uint64_t kBurstsMax = 64;
constexpr std::uint64_t kBurstsShareMax = kOne / 2;
/// How often a song that is not out yet is drawn again before the most popular one is taken.
constexpr int kDrawsMax = 16;

}  // namespace

std::vector<std::uint64_t> popularity_weights(const Behaviour& behaviour, std::uint32_t songs) {
  std::vector<std::uint64_t> ends;  // log2 of the last rank of each piece
  for (const double share : behaviour.popularity_breaks) {
    const std::uint64_t rank = to_q32(share) * songs;
    ends.push_back(rank > kOne ? log2_q32(rank) - (std::uint64_t{32} << 32) : 0);
  }
  ends.push_back(std::uint64_t{64} << 32);
  std::vector<std::uint64_t> weights;
  weights.reserve(songs);
  for (std::uint32_t k = 0; k < songs; ++k) {
    const std::uint64_t log = log2_q32(k + 1);
    std::uint64_t power = 0, begin = 0;
    for (std::size_t piece = 0; piece < ends.size() && log > begin; ++piece) {
      const std::uint64_t end = std::max(std::min(log, ends[piece]), begin);
      power += times(end - begin, to_q32(behaviour.popularity_exponents[piece]));
      begin = end;
    }
    weights.push_back(half_to_the(power));
  }
  return weights;
}

Charts::Charts(const Behaviour& behaviour, std::uint32_t songs, const Rng& fixed, const Rng& happenings,
               std::int64_t start_ms)
    : songs_(songs),
      favourite_genre_(to_q32(behaviour.favourite_genre)),
      new_ms_(static_cast<std::int64_t>(behaviour.new_days) * kDayMs),
      new_plays_(to_q32(behaviour.new_plays)),
      spikes_(happenings.fork(1)),
      spikes_begin_(start_ms - kSpikesBeforeMs),
      spike_every_ms_(behaviour.spikes_a_week > 0
                          ? static_cast<std::uint64_t>(static_cast<double>(kWeekMs) / behaviour.spikes_a_week)
                          : 0),
      spike_plays_(to_q32(behaviour.spike_plays)),
      spike_half_life_ms_(static_cast<std::uint64_t>(behaviour.spike_half_life_h * kHourMs)) {
  const std::vector<std::uint64_t> weights = popularity_weights(behaviour, songs);
  all_ = WeightedDraw(weights);
  set_genres(behaviour, weights, fixed.fork(1));
  set_skips(behaviour, weights, fixed.fork(2));
  set_releases(behaviour, happenings.fork(2), start_ms);
  advance(start_ms);
}

void Charts::set_genres(const Behaviour& behaviour, const std::vector<std::uint64_t>& weights, Rng rng) {
  std::vector<Genre> genres(static_cast<std::size_t>(behaviour.genres));
  std::vector<std::vector<std::uint64_t>> weights_of(genres.size());
  for (std::uint32_t k = 0; k < songs_.size(); ++k) {
    songs_[k].genre = static_cast<std::uint8_t>(rng.below(genres.size()));
    genres[songs_[k].genre].songs.push_back(k);
    weights_of[songs_[k].genre].push_back(std::max<std::uint64_t>(weights[k], 1));
  }
  Wide sum = 0, part = 0;
  for (const std::uint64_t weight : weights) sum += std::max<std::uint64_t>(weight, 1);
  for (std::size_t genre = 0; genre < genres.size(); ++genre) {
    for (const std::uint64_t weight : weights_of[genre]) part += weight;
    genres[genre].end = static_cast<std::uint32_t>(std::min<Wide>((part << 32) / sum, kOne - 1));
    if (!genres[genre].songs.empty()) genres[genre].draw = WeightedDraw(weights_of[genre]);
  }
  genres.back().end = static_cast<std::uint32_t>(kOne - 1);
  genres_ = std::move(genres);
}

/// The mean over all plays is that of the settings, whatever the spread.
void Charts::set_skips(const Behaviour& behaviour, const std::vector<std::uint64_t>& weights, Rng rng) {
  const std::uint64_t spread = to_q32(behaviour.skip_song_spread);
  Wide sum = 0, count = 0;
  for (std::size_t k = 0; k < songs_.size(); ++k) {
    songs_[k].skips = kOne - spread + times(2 * spread, rng.next() >> 32);
    sum += static_cast<Wide>(songs_[k].skips) * weights[k];
    count += weights[k];
  }
  const auto mean = static_cast<std::uint64_t>(sum / count);
  for (Song& song : songs_) song.skips = ratio(song.skips, mean);
}

void Charts::set_releases(const Behaviour& behaviour, Rng rng, std::int64_t start_ms) {
  const std::uint64_t a_day = to_q32(behaviour.releases_a_day) * songs_.size();
  if (a_day == 0 || songs_.size() <= kHead) return;
  const std::uint64_t days = kReleaseDays + static_cast<std::uint64_t>(new_ms_ / kDayMs);
  const std::uint64_t wanted = static_cast<std::uint64_t>(static_cast<Wide>(a_day) * days >> 32);
  std::vector<std::uint32_t> songs(songs_.size() - kHead);
  for (std::uint32_t k = 0; k < songs.size(); ++k) songs[k] = kHead + k;
  const std::size_t count = std::min<std::size_t>(wanted, songs.size() / 2);
  const auto every_ms = static_cast<std::int64_t>((static_cast<Wide>(kDayMs) << 32) / a_day);
  for (std::size_t k = 0; k < count; ++k) {
    std::swap(songs[k], songs[k + rng.below(songs.size() - k)]);
    songs_[songs[k]].out_ms = start_ms - new_ms_ + static_cast<std::int64_t>(k + 1) * every_ms;
  }
  songs.resize(count);
  releases_ = std::move(songs);
}

void Charts::advance(std::int64_t now_ms) {
  now_ms_ = now_ms;
  while (new_end_ < releases_.size() && songs_[releases_[new_end_]].out_ms <= now_ms) ++new_end_;
  while (new_begin_ < new_end_ && songs_[releases_[new_begin_]].out_ms + new_ms_ <= now_ms) ++new_begin_;
  set_bursts();
}

Charts::Spike Charts::spike(std::uint64_t number) const {
  Rng rng = spikes_.fork(number);
  const std::int64_t since = static_cast<std::int64_t>(number * spike_every_ms_ + rng.below(spike_every_ms_));
  return {spikes_begin_ + since, static_cast<std::uint32_t>(rng.below(songs_.size()))};
}

void Charts::set_bursts() {
  bursts_.clear();
  if (spike_every_ms_ == 0 || spike_plays_ == 0) return;
  const std::uint64_t last = static_cast<std::uint64_t>(now_ms_ - spikes_begin_) / spike_every_ms_;
  const std::uint64_t first = last >= kBurstsMax ? last - kBurstsMax + 1 : 0;
  std::uint64_t end = 0;
  for (std::uint64_t number = last + 1; number-- > first;) {
    const Spike burst = spike(number);
    if (burst.begin_ms > now_ms_ || !is_out(burst.song)) continue;
    const auto age = static_cast<std::uint64_t>(now_ms_ - burst.begin_ms);
    const std::uint64_t half_lives = age / spike_half_life_ms_;
    if (half_lives >= 16) break;
    const std::uint64_t power = half_lives << 32 | ((age % spike_half_life_ms_) << 32) / spike_half_life_ms_;
    end = std::min(end + times(spike_plays_, half_to_the(power) >> 30), kBurstsShareMax);
    bursts_.push_back({end, burst.song});
  }
}

std::uint8_t Charts::favourite(const Person& person) const {
  std::uint8_t genre = 0;
  while (person.taste >= genres_[genre].end && genre + 1U < genres_.size()) ++genre;
  return genre;
}

std::uint32_t Charts::pick(const Person& person, Rng& rng) const {
  const std::uint64_t draw = rng.next() >> 32;
  for (const Burst& burst : bursts_) {
    if (draw < burst.end) return burst.song;
  }
  if (new_begin_ < new_end_ && happens(rng, new_plays_))
    return releases_[new_begin_ + rng.below(new_end_ - new_begin_)];
  const Genre& genre = genres_[favourite(person)];
  const bool of_favourite = happens(rng, favourite_genre_) && !genre.songs.empty();
  for (int drawn = 0; drawn < kDrawsMax; ++drawn) {
    const std::uint32_t song = of_favourite ? genre.songs[genre.draw.pick(rng)] : all_.pick(rng);
    if (is_out(song)) return song;
  }
  return 0;
}

}  // namespace sdp::simulate
