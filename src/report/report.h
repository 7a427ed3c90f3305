#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/snapshot.h"

namespace sdp::report {

/// The two marts that the page opens with, as the worksheets that they are.
inline constexpr std::array<std::string_view, 2> kWorksheets = {"TOP_SONGS", "USER_ENGAGEMENT"};

/// What a stage of a run did and how long it took.
struct Stage {
  std::string name;
  std::uint64_t events = 0;
  double seconds = 0;
  std::string detail;
};

/// What a page tells besides the snapshot. All of it may be missing.
struct Facts {
  std::optional<snapshot::Proof> proof;  ///< of this snapshot
  std::vector<Stage> stages;
  double total_seconds = 0;
  std::string lake;
};

struct Limits {
  std::size_t bytes = 950'000;
  std::size_t worksheet_rows = 500;
  std::size_t other_rows = 200;  ///< of each other mart
};

/// The snapshot as one page of HTML (docs/formats/report.md): no script, nothing that is fetched, everything
/// that comes from outside as text. Tables are cut until it fits into the limits, and say so. Well-formed XML
/// besides. Pure.
std::string to_html(const snapshot::Snapshot& snapshot, const Facts& facts, const Limits& limits = {});

}  // namespace sdp::report
