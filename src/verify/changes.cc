#include "verify/changes.h"

#include <fmt/format.h>

#include <array>

#include "verify/table_rows.h"
#include "verify/tables.h"
#include "verify/warehouse_shape.h"

namespace sdp::verify {
namespace {

struct Marked {
  std::string_view table;
  std::string_view written_at;  ///< a column; empty where there is none
};

/// Tables only, whose rows are counted without being read: silver is a view of INT_EVENTS_JUDGED.
constexpr std::array<Marked, 7> kMarked{{{kLoadLedger, "loaded_at"},
                                         {kJudged, ""},
                                         {kDuplicates, ""},
                                         {kRejected, ""},
                                         {kFaults, ""},
                                         {kTransformLedger, "transformed_at"},
                                         {kTransformParts, "closed_at"}}};

}  // namespace

Result<std::string> read_marks(warehouse::Warehouse& warehouse) {
  SDP_TRY(const WarehouseShape shape, read_shape(warehouse));
  std::string marks;
  for (const auto& [table, written_at] : kMarked) {
    if (!shape.has(table)) continue;
    const std::string last =
        written_at.empty() ? "NULL" : fmt::format("max({})", warehouse.epoch_us(written_at));
    const auto found = warehouse.query(fmt::format("SELECT count(*), {} FROM {}", last, table));
    // A table that is not as it must be is for others to name.
    if (!found && !is_about_the_table(found.error())) return std::unexpected(found.error());
    marks += fmt::format("{}: ", table);
    if (!found) marks += found.error().message;
    if (found && !found->rows.empty()) {
      for (const auto& cell : found->rows.front()) marks += fmt::format("{} ", shown(cell));
    }
    marks += '\n';
  }
  return marks;
}

}  // namespace sdp::verify
