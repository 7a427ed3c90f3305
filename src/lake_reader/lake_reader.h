#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lake/chain.h"
#include "lake/compression.h"
#include "lake/hour_marker.h"
#include "lake/object_meta.h"
#include "lake/override.h"
#include "lake/places.h"
#include "lake_reader/load_plan.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::lake_reader {

/// An object of a chain, as its key tells.
struct ChainObject {
  std::string key;
  log::Offset first = 0;
  lake::Hour hour;  ///< of the folder it lies in; Hour::min() where that has no time
};

/// A point of a chain: where an object ends, or the chain's beginning.
struct ChainPoint {
  log::Offset end = 0;
  std::string object_key{};                  ///< of the object that ends there; empty at the beginning
  std::optional<lake::ObjectMeta> object{};  ///< its metadata; nothing of one that is ignored
  bool hinted = false;                       ///< found by a hint, not by a listing
};
using ChainPoints = std::map<log::Partition, ChainPoint>;

/// Hears now and then how many names a listing has passed.
using ListingProgress = std::function<void(std::uint64_t listed)>;

/// The records of gaps that were read, and what is wrong with those that could not be.
struct Gaps {
  std::vector<lake::Gap> gaps;
  std::vector<Error> problems;  ///< each names its object
};

/// The last complete hour of a topic id, and how far that is in each partition: what starts below is of this
/// hour or an earlier one. Partitions that begin later stand at 0.
struct CompleteThrough {
  log::TopicId topic_id;
  lake::Hour hour;
  std::map<log::Partition, log::Offset> next;
};

struct HourStatus {
  lake::Hour hour;
  bool complete = false;
  int partitions_closed = 0;
  std::optional<std::int64_t> records{};  ///< of the partitions that closed it; nothing where nobody counted
};

/// An earlier life of a topic, which was deleted and created again.
struct PastLife {
  log::TopicId topic_id;
  log::Partition partitions = 0;        ///< at least
  std::optional<lake::Hour> last_open;  ///< its last hour, when not all partitions have closed it
};

/// The overrides of a lake: one listing, and a request for each that there is. One that is damaged is among
/// the unreadable ones.
Result<lake::Overrides> read_overrides(store::ObjectStore& store, const lake::Places& places);

/// What the stages ask of a lake: where chains end, what belongs to a chain or an hour, what is to be loaded.
/// Nobody else but `verify`, on purpose, lists a lake. Objects that are ignored by an override are in none of
/// its answers: this is the one place that leaves them out. It writes nothing and remembers nothing but the
/// overrides; answers are as old as the listings they come from. Errors are the store's, and `bad_input` that
/// names a damaged object. As thread-safe as the store.
class LakeReader {
 public:
  /// `store` outlives this; `places` are the lake's (find_places), `overrides` too (read_overrides).
  LakeReader(store::ObjectStore& store, lake::Places places, lake::Overrides overrides = {})
      : store_(store), places_(places), overrides_(std::move(overrides)) {}

  const lake::Places& places() const { return places_; }
  const lake::Overrides& overrides() const { return overrides_; }

  // --- chains ---

  // The end of a chain, whatever clocks were and however old the lake is:
  //  1. The chain's hint names an object near the end. It is looked at, since a hint is not trusted.
  //  2. A chain without a hint that holds: one listing of all objects, of which the one with the highest
  //     first offset is the last.
  //  3. From such a point on the log tells: its record there gives the name that the next object must have
  //     (next_object). Where there is none, the chain ends (chain_walk.h).

  // An object that is ignored keeps its place, which no other object can have: the chain goes on where its
  // override says. Where an override says that the place is free, the object is as if it were not there.

  /// A point of each chain by hint, or else by one listing for all of them: steps 1 and 2. `bad_input` when
  /// an override of the topic id cannot be read.
  Result<ChainPoints> chain_points(const log::TopicId& topic_id, std::span<const log::Partition> partitions,
                                   const ListingProgress& progress = {}) const;
  /// Step 1 alone; nothing when there is no hint that holds. Two requests.
  Result<std::optional<ChainPoint>> hinted_point(const lake::ChainId& chain) const;
  /// Step 2 alone, whatever hints say. The requests grow with the number of objects.
  Result<ChainPoints> listed_points(const log::TopicId& topic_id, std::span<const log::Partition> partitions,
                                    const ListingProgress& progress = {}) const;
  /// The object that starts at `at`, where the log's first record from there on has the time `record_time`;
  /// nothing when there is none. One request; two where the time names no hour.
  Result<std::optional<ChainPoint>> next_object(const lake::ChainId& chain, log::Offset at,
                                                UtcMillis record_time, lake::Compression compression) const;
  /// The objects of a chain in the hour folders from `from` on, up to the first folder behind `through` that
  /// has one, and those without a time; in order of folders.
  Result<std::vector<ChainObject>> objects_of(const lake::ChainId& chain, lake::Hour from,
                                              lake::Hour through) const;
  /// Metadata of an object that was listed; `fatal` when it is gone.
  Result<lake::ObjectMeta> meta_of(const std::string& key) const;

  // --- gaps ---

  /// The keys of gap records, in byte order.
  Result<std::vector<std::string>> gap_keys() const;
  /// The acknowledged gaps of all topic ids, and what objects had that are ignored; among the problems are
  /// the overrides that cannot be read.
  Result<Gaps> gaps() const;
  /// The acknowledged gaps of one topic id, all partitions; an error when one cannot be read.
  Result<std::vector<lake::Gap>> gaps_of(const log::TopicId& topic_id) const;

  // --- hours ---

  /// The first hour that has an object of the chain; nothing when no hour has one. Layout 1 files what has no
  /// time in the first hour of 1970, which therefore counts as none.
  Result<std::optional<lake::Hour>> first_hour_of(const lake::ChainId& chain) const;
  /// Nothing when the chain has no begin yet.
  Result<std::optional<lake::ChainBegin>> chain_begin(const lake::ChainId& chain) const;
  /// The marker of an hour that the chain has closed.
  Result<lake::HourMarker> marker(const lake::ChainId& chain, lake::Hour hour) const;
  /// The chain's last marker. Hours have no hole from the begin on, so it is looked for in doubling steps
  /// from `near` on: two requests where it is that hour's or the hour's before.
  Result<std::optional<lake::HourMarker>> last_marker(const lake::ChainBegin& begin, lake::Hour near) const;
  /// A topic id's markers of each hour of `not_before` or later that has any marker, newest first,
  /// `hours_max` hours at most, until `visit` returns false.
  Result<void> markers_of(
      const log::TopicId& topic_id, lake::Hour not_before, int hours_max,
      const std::function<bool(lake::Hour, std::span<const lake::HourMarker>)>& visit) const;

  /// By topic id (its first 8 hex digits, as in keys), the last complete hour that is not behind `to`. Topic
  /// ids without a complete hour are left out. Reads the newest markers, and bisects where they do not tell:
  /// requests grow with the number of chains, and with the logarithm of their hours.
  Result<std::map<std::string, CompleteThrough>> complete_through(
      std::optional<lake::Hour> to = std::nullopt) const;
  /// The newest hours of a topic id that have objects or markers, ascending, `count` at most. Which
  /// partitions closed an hour is told by the names of its markers, of which a listing of a day has all;
  /// markers are read up to the newest complete hour, and those of one hour more where all that is told by
  /// `known`: what an earlier call for the same topic id answered. Who looks again and again therefore reads
  /// each hour once, one a call. Objects are looked for in the folders of hours that nobody closed, `count` +
  /// 48 at most. A folder before the first hours of all chains in it counts as complete: what is in it
  /// belongs to those.
  Result<std::vector<HourStatus>> newest_hours(const log::TopicId& topic_id, std::size_t count,
                                               std::span<const HourStatus> known = {}) const;

  /// The other topic ids of the lake: those that have a begin, or objects in the newest 48 hour folders. Open
  /// hours are looked for there, and in the three hours behind the last closed one. Requests grow with the
  /// number of chains, and with the logarithm of their hours.
  Result<std::vector<PastLife>> past_lives(const log::TopicId& present) const;

  // --- loading ---

  /// What is in the lake and not in `loaded` (keys of objects), of the hours that are wanted. Of complete
  /// hours the markers name what is new behind the ends of the loaded chains, when that is a day at most;
  /// `loaded_already` is then what the ledger has, and what is left for later or foreign is told of the
  /// newest hour folders alone. Otherwise all objects are listed.
  Result<LoadPlan> load_plan(const std::set<std::string>& loaded, const LoadBounds& ends,
                             const HoursWanted& hours) const;
  /// Topic ids (as in keys) that the warehouse knew for which a stage folder was filled; none in a lake.
  Result<std::set<std::string>> staged_for() const;

 private:
  Result<std::vector<std::string>> keys_below(const std::string& prefix) const;
  /// The names that a listing has, without those of objects that are ignored.
  Result<void> list_objects(std::string_view prefix,
                            const std::function<bool(const store::ListedObject&)>& visit) const;
  Result<std::vector<store::ListedObject>> objects_below(const std::string& prefix) const;
  /// Nothing when the markers are of layout 1, or too many would have to be read.
  Result<std::optional<LoadPlan>> plan_by_markers(
      const std::set<std::string>& loaded, const LoadBounds& ends,
      const std::map<std::string, CompleteThrough>& complete) const;
  /// Adds what the markers of a chain list between `from` and the end of `through`. False: see above.
  Result<bool> add_from_markers(const lake::ChainId& chain, lake::Hour through, log::Offset from,
                                std::vector<store::ListedObject>& objects) const;
  /// Where the chain goes on behind an object that is ignored; nothing when its place is free.
  std::optional<ChainPoint> point_of_ignored(const std::string& key, const lake::ChainId& chain) const;

  Result<Gaps> read_gaps(const std::string& prefix) const;
  /// Nothing when there is no such object. One request when there is.
  Result<std::optional<store::Object>> find(const std::string& key) const;
  Result<lake::HourMarker> parse_marker(const std::string& key, const store::Object& object) const;
  Result<lake::HourMarker> read_marker(const std::string& key) const;
  Result<std::optional<lake::HourMarker>> find_marker(const lake::ChainId& chain, lake::Hour hour) const;
  Result<lake::ChainBegin> parse_begin(const std::string& key, const store::Object& object) const;
  /// Of names that begin with `of`, but those of topic id `but`; by topic id.
  Result<std::map<std::string, std::vector<lake::ChainBegin>>> read_begins(
      const std::string& of = "", const std::optional<log::TopicId>& but = std::nullopt) const;
  Result<std::map<std::string, std::vector<lake::HourMarker>>> read_hour(const std::string& folder,
                                                                         const std::string& of = "") const;
  /// Which partitions of a topic id closed its newest hours of `first` or later, `count` at most, by the
  /// names of markers.
  Result<std::map<lake::Hour, std::set<log::Partition>>> closed_hours(const log::TopicId& topic_id,
                                                                      lake::Hour first,
                                                                      std::size_t count) const;
  /// By hour, what is known of those that have markers; see newest_hours().
  Result<std::map<lake::Hour, HourStatus>> judge_closed_hours(const log::TopicId& topic_id,
                                                              std::span<const lake::ChainBegin> begins,
                                                              std::size_t count,
                                                              std::span<const HourStatus> known) const;
  /// What complete_through() says of one topic id, by bisection.
  Result<std::optional<CompleteThrough>> bisect_complete(std::span<const lake::ChainBegin> begins,
                                                         lake::Hour to) const;
  Result<std::optional<CompleteThrough>> complete_at(lake::Hour hour,
                                                     std::span<const lake::ChainBegin> begins) const;

  store::ObjectStore& store_;
  lake::Places places_;
  lake::Overrides overrides_;
};

}  // namespace sdp::lake_reader
