#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_table.h"
#include "snapshot/snapshot.h"

namespace sdp::snapshot {

// The two queries that a snapshot asks of a mart, and what their answers mean. Pure. Plain SQL that every
// warehouse understands (docs/formats/bronze-tables.md).

/// SQL for milliseconds since 1970 of a column: Warehouse::epoch_ms.
using EpochMs = std::function<std::string(std::string_view column)>;

/// A count as a warehouse writes it; 0 where there is none.
std::uint64_t count_of(const std::optional<std::string>& text);

/// By the catalogue's name of the type, on any warehouse.
Kind kind_of(std::string_view type);

/// The first `limit` rows by `mart.order_by`, times as milliseconds.
std::string rows_sql(const Mart& mart, std::size_t limit, const EpochMs& epoch_ms);

/// One query for the profiles of all columns. Rows: number of the column, what, two texts, a number.
std::string profile_sql(const Mart& mart, const EpochMs& epoch_ms);
/// Fills in profiles and `rows_total` from the answer, in any order of rows.
void read_profile(const base::TextTable& answer, Mart& mart);
/// The same from `mart.rows`, which are all rows and whole: what need not be asked is not asked.
void profile_rows(Mart& mart);

/// A cell as it is kept, from the text that the warehouse gives; `cut` is set when it was too long.
std::string kept_cell(std::string_view text, Kind kind, std::size_t bytes_max, bool& cut);

/// At most `bytes_max` bytes, whole UTF-8 characters, with an ellipsis when something is left out.
std::string cut_text(std::string_view text, std::size_t bytes_max);

/// In the order of columns, when the project does not say how people read the mart.
std::string order_by_columns(const std::vector<Column>& columns);

}  // namespace sdp::snapshot
