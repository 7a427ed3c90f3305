#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/topic.h"

namespace sdp::serve {

/// How much the stages have that records go through; nothing where that is not known.
struct Point {
  std::string at;
  std::optional<std::uint64_t> log;
  std::optional<std::uint64_t> lake;
  std::optional<std::uint64_t> bronze;
  std::optional<std::uint64_t> silver;
};

/// Where the pipeline stands.
struct Look {
  std::string json;            ///< one line (docs/formats/status.md)
  std::optional<Point> point;  ///< nothing when it could not be looked at; `json` says why
};

/// A record of the topic, as a page shows it: texts are cut.
struct ShownRecord {
  log::Partition partition = 0;
  log::Offset offset = 0;
  std::optional<std::string> time;
  std::optional<std::string> key;
  std::optional<std::string> value;
  bool cut = false;    ///< whether the key or the value is longer
  std::string code;    ///< of what sink or silver will reject; empty otherwise
  std::string reason;  ///< the same, as a sentence
};

/// Offsets [from, next) of a partition, which were all read.
struct ReadRange {
  log::Partition partition = 0;
  log::Offset from = 0;
  log::Offset next = 0;
};

struct NewRecords {
  std::vector<ShownRecord> records;  ///< in the order of offsets, partition by partition
  std::uint64_t passed = 0;          ///< offsets that were skipped, as more came than are looked at
  std::vector<ReadRange> ranges{};   ///< where the records were looked for; one a partition at most
  std::string topic_id{};            ///< of the topic, which has another one when it is created again
};

/// A pipeline at work, for those who watch it. It changes nothing. Each call may take as long as a server
/// takes to answer.
class Watched {
 public:
  virtual ~Watched() = default;

  // Each group of calls is made by one thread at a time, and the groups beside each other.

  virtual Look look() = 0;

  /// What came since the last call. With `restart` the last records that there are, whatever was read before.
  virtual Result<NewRecords> new_records(bool restart) = 0;

  // One JSON object each (docs/formats/live.md). `bad_input` when what is named is not there.
  virtual Result<std::string> objects(std::string_view hour) = 0;
  virtual Result<std::string> head(std::string_view key) = 0;
  virtual Result<std::string> record(log::Partition partition, log::Offset offset) = 0;
};

}  // namespace sdp::serve
