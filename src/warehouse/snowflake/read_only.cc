#include "warehouse/snowflake/read_only.h"

#include <fmt/core.h>

#include <string>

#include "warehouse/sql_text.h"

namespace sdp::warehouse::snowflake {

Result<void> check_read_only(std::string_view sql) {
  const std::string word = first_word(sql, Dialect::snowflake);
  if (word != "SELECT" && word != "WITH") {
    return fail(ErrorKind::bad_input,
                fmt::format("only queries are allowed here, but this begins with '{}'", word));
  }
  SDP_TRY(const auto statements, split_statements(sql, Dialect::snowflake));
  if (statements.size() != 1) return fail(ErrorKind::bad_input, "only one query at a time is allowed here");
  return check_reads(statements.front().text, Dialect::snowflake);
}

}  // namespace sdp::warehouse::snowflake
