#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "lake_reader/lake_reader.h"
#include "log/topic.h"
#include "snapshot/summary.h"

namespace sdp::cli {

// Where the pipeline stands (docs/formats/status.md). Pure: cmd_status.cc reads it.

struct PartitionStatus {
  log::Partition partition = 0;
  log::Watermarks available;
  log::Offset lake_end = 0;
  std::optional<log::Offset> committed;
  log::Offset lag = 0;
  log::Offset deleted = 0;               ///< of these, what the log no longer has
  std::optional<UtcMillis> log_newest;   ///< time of the newest record
  std::optional<UtcMillis> lake_newest;  ///< time of the newest record in the lake
  std::optional<UtcMillis>
      waiting_since;  ///< time of the oldest record that the log has and the lake has not
};

/// What is published, and what was proved of it.
struct PublishedStatus {
  std::string path;
  snapshot::Summary summary;
  std::optional<snapshot::Proof> proof;  ///< of this publication
};

/// What a sink is expected to do, by its settings.
struct SinkPace {
  std::chrono::milliseconds cut_within{0};  ///< the longest that a record waits for its object
  std::chrono::milliseconds hour_grace{0};
};

/// By command, such as `sink`: the flags of the present call that it takes, too, as they follow its name.
using SharedFlags = std::map<std::string, std::string, std::less<>>;

struct Status {
  UtcMillis at;
  std::string topic;
  log::TopicId topic_id;
  bool append_times = true;  ///< whether records have the broker's time, not their producers'
  std::string group;
  std::string lake;
  /// Members of the group; nothing where nobody asked, since nothing waits, or nobody could tell.
  std::optional<std::size_t> sinks;
  std::vector<PartitionStatus> partitions;
  std::vector<lake_reader::HourStatus> hours;  ///< the newest, ascending
  std::string published_to;                    ///< folder; empty: the settings name none
  std::optional<PublishedStatus> published;
  std::string published_problem;  ///< why what is there cannot be read
  SinkPace pace;
  SharedFlags flags;
};

/// What the lake lacks of the log, of all partitions.
log::Offset lag_of(const Status& status);
/// Whether there is a reason to ask who runs: records wait, or an hour is late.
bool wants_sinks(const Status& status);

/// An hour that is open although its end is long enough ago for sinks to have closed it.
bool is_late(const lake_reader::HourStatus& hour, UtcMillis now, const SinkPace& pace);

/// Where the last rows of a ledger end, by partition of the topic.
std::map<log::Partition, log::Offset> loaded_ends(const snapshot::Ledger& ledger,
                                                  const log::TopicId& topic_id);
/// Offsets that the lake has and what is published lacks; nothing where that cannot be told.
std::optional<std::uint64_t> unpublished(const Status& status);

/// Why records of the log are not in the lake, as far as log, group and lake tell.
struct Waiting {
  std::string reason;  ///< `deleted`, `no_sink`, `young`, `overdue`, `unknown`
  std::string text;
};
/// Nothing when none waits.
std::optional<Waiting> why_waiting(const Status& status);

/// What a person does next. The command is empty when waiting is all there is to do.
struct NextStep {
  std::string why;
  std::string command;
};
NextStep next_step(const Status& status);

/// A stage as one row: how much it has, how much it lacks of the stage before, how new it is.
struct StageRow {
  std::string_view stage;
  std::string has;
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> behind;
  std::optional<UtcMillis> newest;
};
/// Log, lake, bronze, silver, marts.
std::vector<StageRow> stage_rows(const Status& status);

// Texts of parts of a screen.
/// How long ago that was; clocks of machines differ, and nothing is newer than now.
std::chrono::milliseconds age_of(const Status& status, UtcMillis time);
inline constexpr std::size_t kPartitionsShown = 12;
/// Where there are more than are shown, those that are furthest behind come first.
std::vector<PartitionStatus> partitions_shown(const Status& status);
/// How long its oldest record waits for the lake.
std::string waiting_text(const Status& status, const PartitionStatus& partition);
std::string headline(const Status& status);
/// Hours, publication, proof and what a person does next.
std::string footer(const Status& status);

/// One screen.
std::string to_text(const Status& status);
/// One line, for logs.
std::string to_line(const Status& status);
/// How much a stage has, as in the object; nothing where that is not known.
std::optional<std::uint64_t> count_of(const Status& status, std::string_view stage);
nlohmann::ordered_json to_json(const Status& status);

}  // namespace sdp::cli
