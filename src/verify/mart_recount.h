#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::verify {

/// How a table is counted again from silver: a query of verify's own, declared beside the dbt project's
/// models (spotify_dbt/recounts/README.md), that shares nothing with the model it checks.
struct MartRecount {
  struct Column {
    std::string name;  ///< in upper case
    std::string type;  ///< by DuckDB's name
    /// Why nothing in silver tells it; empty for a column that the query gives.
    std::string not_proved{};

    bool operator==(const Column&) const = default;
  };

  std::string table;  ///< `MART.SONG_DAILY`
  std::string path;
  std::vector<Column> columns;  ///< all of the table's
  /// A query whose columns are named as the table's. `epoch_ms(x)` in it is for the warehouse to spell.
  std::string sql;
  std::string where;       ///< the rows of the table that the query gives; empty for all
  std::string other_rows;  ///< why nothing tells the other rows
  /// A query that gives the rows of the table that cannot be, whatever silver holds: first why, then what
  /// shows which row. Empty for none.
  std::string faults;
  /// The queries of other files in `sql` and `faults`, each in parentheses as it stands there.
  std::vector<std::string> parts{};

  std::vector<std::string> counted() const;  ///< names of the columns that the query gives
};

/// Reads a text `name.sql`: comment lines first, of which some declare something
/// (spotify_dbt/recounts/README.md), then the query. `{{ other }}` in it stands for the query of `other.sql`
/// in parentheses; `read(other)` gives its text. `misconfigured` when there is none, when a declaration
/// cannot be read, or when queries include each other.
Result<MartRecount> parse_recount(std::string_view name,
                                  const std::function<Result<std::string>(std::string_view)>& read);

/// All recounts of a folder, by name. Files whose name begins with `_` are parts of others. `misconfigured`
/// when one cannot be read.
Result<std::vector<MartRecount>> read_recounts(const std::filesystem::path& folder);

/// Replaces every `epoch_ms(x)` of a query by `spell(x)`, parentheses inside `x` matched.
std::string with_epoch_ms(std::string_view sql, const std::function<std::string(std::string_view)>& spell);

}  // namespace sdp::verify
