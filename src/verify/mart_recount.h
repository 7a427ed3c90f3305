#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::verify {

/// How a mart is counted again from silver: a query of verify's own, declared beside the dbt project's models
/// (spotify_dbt/recounts/README.md), that shares nothing with the model it checks.
struct MartRecount {
  std::string mart;  ///< `MART.SONG_DAILY`
  std::string path;
  /// A query whose columns are named as the mart's. `epoch_ms(x)` in it is for the warehouse to spell.
  std::string sql;
  std::string where;                 ///< the rows of the mart that the query gives; empty for all
  std::vector<std::string> but_for;  ///< columns, in upper case, that nothing in silver can tell
};

/// Reads a text `name.sql`: comment lines first, of which `-- where: CONDITION` and `-- but for: COLUMN, ...`
/// mean something, then the query. `{{ other }}` in it stands for the query of `other.sql` in parentheses;
/// `read(other)` gives its text. `misconfigured` when there is none, or when queries include each other.
Result<MartRecount> parse_recount(std::string_view name,
                                  const std::function<Result<std::string>(std::string_view)>& read);

/// All recounts of a folder, by name. Files whose name begins with `_` are parts of others. `misconfigured`
/// when one cannot be read.
Result<std::vector<MartRecount>> read_recounts(const std::filesystem::path& folder);

/// Replaces every `epoch_ms(x)` of a query by `spell(x)`, parentheses inside `x` matched.
std::string with_epoch_ms(std::string_view sql, const std::function<std::string(std::string_view)>& spell);

}  // namespace sdp::verify
