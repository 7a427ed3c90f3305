#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/listening_event.h"

namespace sdp::simulate {

/// A row of MART.TOP_SONGS.
struct TopSong {
  Uuid song_id;
  std::string song_name;
  std::string artist_name;
  std::uint64_t total_plays = 0;
  std::uint64_t total_skips = 0;

  bool operator==(const TopSong&) const = default;
};

/// What a row of MART.USER_ENGAGEMENT is about.
struct EngagementKey {
  Uuid user_id;
  event::DeviceType device_type = event::DeviceType::mobile;
  event::Country country;
  std::chrono::sys_days day;

  auto operator<=>(const EngagementKey&) const = default;
};

struct Engagement {
  std::uint64_t total_plays = 0;
  std::uint64_t total_skips = 0;
  std::uint64_t playlist_adds = 0;

  bool operator==(const Engagement&) const = default;
};

struct EngagementRow {
  EngagementKey key;
  Engagement counts;

  bool operator==(const EngagementRow&) const = default;
};

/// The expected results, counted while events are made, by the words of docs/formats/event.md and by no SQL:
/// what the marts must say once the pipeline has done its work. Memory grows with the cells of the marts
/// (about 100 bytes a song, and a listener, device, country and day), so an endless simulation should go
/// without. One thread.
class Oracle {
 public:
  /// An event that the pipeline must keep, in the order in which the log takes them: of events of one
  /// listener and time, the one that came first has the lower offset.
  void add(const event::ListeningEvent& event);
  /// A further delivery of a kept event, under the same key: silver must count it as a duplicate.
  void add_duplicate(const event::ListeningEvent& event);
  /// A record that must be rejected: the first thing that is wrong with it (docs/formats/event.md, and the
  /// codes of line.md), and the field, empty where there is none.
  void add_rejected(std::string_view reason, std::string_view field);

  std::uint64_t events() const;
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t rejected() const;
  std::uint64_t events(event::EventType type) const { return by_type_[std::to_underlying(type)]; }
  /// Most plays first, then by id.
  std::vector<TopSong> top_songs() const;
  /// In ascending order of the key's members.
  std::vector<EngagementRow> user_engagement() const;

  /// Both marts and the counts, with the columns' names; the same oracle gives the same bytes.
  std::string to_json() const;

 private:
  struct Hash {
    std::size_t operator()(const Uuid& id) const;
    std::size_t operator()(const EngagementKey& key) const;
  };

  std::array<std::uint64_t, event::kEventTypes.size()> by_type_{};
  std::uint64_t duplicates_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> rejected_;  ///< by reason and field
  std::unordered_map<Uuid, TopSong, Hash> songs_;
  std::unordered_map<EngagementKey, Engagement, Hash> engagement_;
};

}  // namespace sdp::simulate
