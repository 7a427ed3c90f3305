#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/lake_view.h"

namespace sdp::verify {

/// What must become of a line in silver.
enum class Fate { kept, duplicate, rejected };

/// A cell of MART.TOP_SONGS.
struct SongCell {
  std::string song_name;
  std::string artist_name;
  std::uint64_t plays = 0;
  std::uint64_t skips = 0;
  bool found = false;
};

/// What a row of MART.USER_ENGAGEMENT is about.
struct EngagementKey {
  Uuid user_id;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
  std::int32_t day = 0;

  bool operator==(const EngagementKey&) const = default;
};
struct EngagementKeyHash {
  std::size_t operator()(const EngagementKey& key) const;
};
struct EngagementCell {
  std::uint64_t plays = 0;
  std::uint64_t skips = 0;
  std::uint64_t adds = 0;
  bool found = false;
};

/// Counts again, from the lake's lines and with integers, what silver and the marts must show. Shares no code
/// with the models that it checks but the decoder of events.
class Recount {
 public:
  using Has = std::function<bool(const LakeObject&)>;

  /// Counts the lines of the objects that are `counted`, and marks the duplicates among them. The view
  /// outlives this.
  explicit Recount(LakeView& view)
      : Recount(view, [](const LakeObject& object) { return object.counted; }, kCountedAsDuplicate) {}
  /// The same of other objects and by another mark, kDuplicateBefore, which was an earlier recount's.
  Recount(LakeView& view, Has has, Seen mark);

  static Fate fate(const LineFact& line, Seen mark = kCountedAsDuplicate);
  /// The record that a valid event's duplicates are duplicates of.
  LakeView::Place kept_of(const LakeView::Place& place) const;

  std::unordered_map<Uuid, SongCell, UuidHash>& songs() { return songs_; }
  std::unordered_map<EngagementKey, EngagementCell, EngagementKeyHash>& engagement() { return engagement_; }
  std::uint64_t kept() const { return kept_; }
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t rejected() const { return rejected_; }
  /// What is wrong with the rejected ones, counted by field.
  std::uint64_t faults() const { return faults_; }

 private:
  /// A line by the index of its object + 1, and its own; 0 is an empty slot.
  struct Ref {
    std::uint32_t object = 0;
    std::uint32_t line = 0;

    bool operator==(const Ref&) const = default;
  };

  const EventFact& fact(Ref ref) const { return view_.objects[ref.object - 1].events[ref.line]; }
  LineFact& line(Ref ref) { return view_.objects[ref.object - 1].lines[ref.line]; }
  bool before(Ref a, Ref b) const;
  std::size_t slot_of(const Uuid& event_id) const;
  void note(Ref ref);
  void count(Ref ref);
  void count_rejected(Ref ref);
  void count_song(const EventFact& fact, const SongName& name);
  void count_engagement(const EventFact& fact, const Uuid& user);

  LakeView& view_;
  Has has_;
  Seen mark_;
  std::vector<Ref> slots_;  // open addressing by event id; a power of two, at most half full
  std::unordered_map<Uuid, SongCell, UuidHash> songs_;
  std::unordered_map<EngagementKey, EngagementCell, EngagementKeyHash> engagement_;
  std::uint64_t kept_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t faults_ = 0;
};

}  // namespace sdp::verify
