#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "snapshot/snapshot.h"
#include "warehouse/warehouse.h"

namespace sdp::cli {

// Rows that are not events, by why: what a topic full of them looks like must not be success.

using snapshot::RejectedReason;

struct Rejected {
  std::vector<RejectedReason> reasons;  ///< the most frequent first
  std::uint64_t events = 0;             ///< rows that are rejected, each once
  std::uint64_t taken = 0;              ///< rows that are not rejected: kept, or duplicates of kept ones

  /// Each rule that a row breaks, counted for each row.
  std::uint64_t faults() const;
};

/// The part of rejected records that is fine unless somebody says otherwise.
inline constexpr double kRejectRatioMax = 0.5;

/// Of bronze: what no sink took for an event; `taken` is what silver will look at.
Result<Rejected> rejected_by_sinks(warehouse::Warehouse& warehouse);
/// Of silver: all of bronze that dbt has judged by now. Nothing as long as there is no silver. An earlier
/// version of silver tells the first fault of each row only.
Result<std::optional<Rejected>> rejected_in_silver(warehouse::Warehouse& warehouse);

/// A rule that a row breaks.
struct Fault {
  std::string reason;
  std::string field;  ///< empty when it is about the whole record
};

/// A rejected row, with what was sent.
struct RejectedEvent {
  std::vector<Fault> faults;  ///< in the order of the table of fields; one at least
  std::string rejected_by;
  std::string position;  ///< TOPIC/PARTITION/OFFSET
  std::string object_key;
  std::optional<std::string> payload;     ///< of silver's
  std::optional<std::string> raw_base64;  ///< of sinks', where the record had a value
};

/// Which of silver's rejected rows are wanted: those with such a fault among theirs; empty is any.
struct RejectedFilter {
  std::string reason;
  std::string field;
  std::size_t limit = 10;
  bool newest = false;
};

/// In the order of topic, partition and offset, or the newest by their time first. Nothing before silver
/// exists.
Result<std::optional<std::vector<RejectedEvent>>> rejected_events(warehouse::Warehouse& warehouse,
                                                                  const RejectedFilter& filter);

/// For people: where it was, each fault and what was sent; a terminal takes none of it for orders.
std::string rejected_text(const RejectedEvent& event);
/// The same as one line of JSON.
std::string rejected_json(const RejectedEvent& event);

/// A table of reasons on standard output, and how many records they are about; nothing when none was
/// rejected.
void print_rejected(const Rejected& rejected);
/// `[{"reason":...,"field":...,"rejected_by":...,"events":...,"sample":...}]`
nlohmann::ordered_json to_json(const Rejected& rejected);

/// `rejected` when there are rows and none was taken, or more than `ratio_max` of them were rejected; names
/// the most frequent reason. Pure.
Result<void> check_rejected(const Rejected& rejected, double ratio_max);
/// The same for a part of the rows, whose reasons are among those of `rejected`.
Result<void> check_rejected(std::uint64_t count, std::uint64_t taken, const Rejected& rejected,
                            double ratio_max);

}  // namespace sdp::cli
