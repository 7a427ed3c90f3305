#include "warehouse/snowflake/read_only.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace sdp::warehouse::snowflake {
namespace {

/// What follows white space, comments and opening brackets.
std::string_view from_first_word(std::string_view sql) {
  for (;;) {
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n("), sql.size()));
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      const auto end = sql.find("*/", 2);
      sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    } else {
      return sql;
    }
  }
}

}  // namespace

Result<void> check_read_only(std::string_view sql) {
  const std::string_view text = from_first_word(sql);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string word(text.begin(), std::ranges::find_if_not(text, is_letter));
  std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c & ~0x20); });
  if (word == "SELECT" || word == "WITH") return {};
  return fail(ErrorKind::bad_input,
              fmt::format("only queries are allowed here, but this begins with '{}'", word));
}

}  // namespace sdp::warehouse::snowflake
