#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "snapshot/snapshot.h"

namespace sdp::snapshot {

/// What a snapshot says of the pipeline behind the lake, without the marts themselves.
struct Summary {
  std::string id;
  std::string taken_at;
  Freshness freshness;
  std::vector<Delay> delays;
  Completeness completeness;
  Ledger ledger;
  std::uint64_t rejected_events = 0;
  std::uint64_t marts = 0;
  std::optional<Proof> last_proof;  ///< of the snapshot before this one: id, time, outcome and verdict only
};

/// Reads snapshot.json. Members that are missing count as nothing; `bad_input` when the text is not whole, or
/// of a version that this program does not know.
Result<Summary> parse_summary(std::string_view document);

}  // namespace sdp::snapshot
