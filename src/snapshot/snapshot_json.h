#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "snapshot/snapshot.h"

namespace sdp::snapshot {

// The files of a snapshot (docs/formats/snapshot.md).

inline constexpr std::string_view kSnapshotFile = "snapshot.json";
inline constexpr std::string_view kProofFile = "proof.json";
inline constexpr std::string_view kReportFile = "report.html";

/// `mart_top_songs.json`: a name of letters, digits and underscores, different for different marts.
std::string mart_file(std::string_view mart);

/// As it stands in snapshot.json.
nlohmann::ordered_json delays_json(const std::vector<Delay>& delays);

/// Everything but rows and columns of the marts.
std::string snapshot_json(const Snapshot& snapshot);
/// Columns with their profiles, then the rows.
std::string mart_json(const Snapshot& snapshot, const Mart& mart);

/// What a snapshot says of itself: whether it is still right, where it is from, and what belongs to it.
struct Head {
  std::string id;
  std::string state;
  std::string taken_at;
  std::string warehouse;
  std::vector<std::string> files;                          ///< of the marts
  std::map<std::string, std::string, std::less<>> orders;  ///< SQL behind ORDER BY, by mart
};
/// `bad_input` when the text is not whole, or of a version that this program does not know.
Result<Head> parse_head(std::string_view document);

}  // namespace sdp::snapshot
