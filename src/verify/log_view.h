#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "log/event_log.h"
#include "verify/findings.h"
#include "verify/fingerprint.h"
#include "verify/limits.h"

namespace sdp::verify {

/// One offset of the log. 24 bytes: a big log's view is most of what verify holds in memory.
struct LogEntry {
  Fingerprints fingerprints;
  std::int64_t timestamp_ms = kAbsent;

  static constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::min();
  bool present() const { return timestamp_ms != kAbsent; }
};
static_assert(sizeof(LogEntry) == 24);

/// What the log holds, or held, of one chain: offsets [start, end), without a record where the log has a
/// control record or an aborted one.
class LogChain {
 public:
  LogChain(log::Offset first, log::Offset last_end) : start(first), end(last_end) {}

  void reserve(std::uint64_t offsets) { entries_.reserve(offsets); }
  Result<void> add(log::Offset offset, const LogEntry& entry, RecordBudget& budget);
  /// Of the leader that appended the record at `offset`; nothing where the log does not tell.
  std::optional<log::LeaderEpoch> epoch_of(log::Offset offset) const;
  void note_epoch(log::Offset offset, log::LeaderEpoch epoch);
  /// A batch of which the log gives no record, behind all that was added before.
  Result<void> add_unreadable(lake::OffsetRange range, RecordBudget& budget);
  /// Nothing for offsets outside [start, end) and for those without a record that can be read.
  const LogEntry* find(log::Offset offset) const;
  /// The batch around the offset that cannot be read.
  std::optional<lake::OffsetRange> unreadable_at(log::Offset offset) const;
  /// The first offset at or above `from` that has a record, or is of a batch that cannot be read; `end` when
  /// there is none.
  log::Offset next_record(log::Offset from) const;
  /// Whether the offset has a record, or is of a batch that cannot be read.
  bool has(log::Offset offset) const { return find(offset) != nullptr || unreadable_at(offset); }

  log::Offset start = 0;
  log::Offset end = 0;
  /// The log's process was killed before its witness finished: the records behind `end`, and those behind the
  /// end of the lake's chain, died with it.
  bool gone = false;
  std::uint64_t records = 0;  ///< a batch that cannot be read counts as one

 private:
  std::map<log::Offset, log::LeaderEpoch> epochs_;  // by the first offset of each
  std::vector<lake::OffsetRange> unreadable_;       // ascending
  std::vector<LogEntry> entries_;                   // of start, start + 1, ...
};

/// What the log holds of all chains that can still be asked for.
struct LogView {
  std::map<lake::ChainId, LogChain> chains;
  /// The topic id that a live log has now; nothing when only witnesses were read.
  std::optional<log::TopicId> living;
  /// Every witness could be read, so that the partitions of their topics are known.
  bool whole = true;

  const LogChain* find(const lake::ChainId& chain) const;
  std::uint64_t records() const;
};

/// Reads all partitions of a log, with fingerprints made on the fly.
Result<void> read_log(LogView& view, log::EventLog& log, const VerifyLimits& limits, RecordBudget& budget);

/// Reads all witness files below `root`; a damaged one is a finding. A root that does not exist has none.
Result<void> read_witnesses(LogView& view, const std::filesystem::path& root, const VerifyLimits& limits,
                            RecordBudget& budget, Findings& findings);

}  // namespace sdp::verify
