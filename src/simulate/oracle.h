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

/// Kept events of one oracle. With names, ids and the rows of the marts each takes about 80 bytes.
inline constexpr std::uint64_t kOracleEventsMax = 25'000'000;

/// What the marts count of a kept event.
struct Fact {
  static constexpr std::int64_t kUnknown = -1;

  std::int64_t at_us = 0;
  std::int64_t position_ms = kUnknown;
  std::int64_t duration_ms = kUnknown;
  std::uint32_t listener = 0;
  std::uint32_t spelling = 0;  ///< of its song
  std::uint32_t session = 0;   ///< 0: it has no session_id
  event::EventType type = event::EventType::play;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;

  std::int64_t at_ms() const { return at_us / 1'000; }
  bool operator==(const Fact&) const = default;
};

/// A song's id with the names that an event gave it.
struct Spelling {
  std::uint32_t song = 0;
  std::uint32_t artist = 0;
  std::string name;
};

/// A record that must be rejected, by the first thing that is wrong with it.
struct RejectedFor {
  std::string reason;
  std::string field;

  auto operator<=>(const RejectedFor&) const = default;
};

/// Takes what a simulation sends, and what must become of it. What the marts must say of that is counted by
/// count_marts(), and written by write_oracle(): by the words of docs/formats, by no SQL, and from no byte
/// that went through the pipeline. One thread.
class Oracle {
 public:
  explicit Oracle(std::uint64_t events_max = kOracleEventsMax) : events_max_(events_max) {}

  /// What follows is another run's. Of events of one listener and time the earlier run's do not have the
  /// lower offsets when `another_log`.
  void begin_run(bool another_log);
  /// Each type of event has a log of its own, so that no order holds between types.
  void expect_logs_by_type() { has_logs_by_type_ = true; }
  /// So many kept events are to come.
  void expect(std::uint64_t events);

  /// An event that the pipeline must keep, in the order in which the log takes them: of events of one
  /// listener and time, the one that came first has the lower offset. `finer`: what the record says of its
  /// time beyond the millisecond.
  void add(const event::ListeningEvent& event, std::chrono::microseconds finer = {});
  /// A further delivery of a kept event, under the same key: silver must count it as a duplicate.
  void add_duplicate(const event::ListeningEvent& event);
  /// A record that must be rejected: the first thing that is wrong with it (docs/formats/event.md, and the
  /// codes of line.md), and the field, empty where there is none.
  void add_rejected(std::string_view reason, std::string_view field);

  std::uint64_t kept() const { return facts_.size(); }
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t rejected() const { return rejected_total_; }
  /// All that it was given, kept or not.
  std::uint64_t records() const { return kept() + duplicates() + rejected(); }
  /// More kept events came than it takes. It has no answers then.
  bool is_full() const { return is_full_; }
  std::uint64_t events_max() const { return events_max_; }
  /// Of what this run gave it, in this order: another one gives another number.
  std::uint64_t digest() const { return digest_; }

  const std::map<RejectedFor, std::uint64_t>& rejected_for() const { return rejected_; }
  /// Kept events by how many whole hours their time lies before the latest time of those that came earlier.
  const std::map<std::int64_t, std::uint64_t>& late_by_hours() const { return late_by_hours_; }

  const std::vector<Fact>& facts() const { return facts_; }
  const std::vector<Uuid>& listeners() const { return listeners_; }
  const std::vector<Uuid>& songs() const { return songs_; }
  const std::vector<std::string>& artists() const { return artists_; }
  const std::vector<Spelling>& spellings() const { return spellings_; }
  /// By number; 0 is none.
  const std::vector<std::string>& sessions() const { return sessions_; }
  /// Whether the order of two facts of one time is not told by the order in which they came.
  bool is_of_another_log(std::size_t fact, std::size_t other) const;

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name
    std::size_t operator()(const Uuid& id) const;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename Key>
  using Numbers = std::unordered_map<Key, std::uint32_t, Hash, std::equal_to<>>;

  std::uint32_t listener_of(const Uuid& id);
  std::uint32_t spelling_of(const event::ListeningEvent& event);
  std::uint32_t artist_of(std::string_view name);
  std::uint32_t session_of(std::uint32_t listener, const std::optional<std::string>& id);
  void note(std::uint64_t value);
  void note(const Uuid& id, std::uint64_t what);

  std::uint64_t events_max_;
  bool is_full_ = false;
  bool has_logs_by_type_ = false;
  std::vector<Fact> facts_;
  std::vector<std::size_t> logs_;  ///< the first fact of each log but the first
  std::uint64_t duplicates_ = 0;
  std::uint64_t rejected_total_ = 0;
  std::map<RejectedFor, std::uint64_t> rejected_;
  std::map<std::int64_t, std::uint64_t> late_by_hours_;
  std::int64_t latest_us_ = 0;
  std::uint64_t digest_ = 0;

  std::vector<Uuid> listeners_;
  std::vector<std::uint32_t> last_sessions_;  ///< of each listener: most events are of the same as before
  std::vector<Uuid> songs_;
  std::vector<std::vector<std::uint32_t>> song_spellings_;
  std::vector<std::string> artists_;
  std::vector<Spelling> spellings_;
  std::vector<std::string> sessions_{std::string()};
  Numbers<Uuid> listener_numbers_;
  Numbers<Uuid> song_numbers_;
  Numbers<std::string> artist_numbers_;
  Numbers<std::string> session_numbers_;
};

}  // namespace sdp::simulate
