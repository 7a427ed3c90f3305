#include "warehouse/snowflake/read_only.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace sdp::warehouse::snowflake {
namespace {

/// What stands at the front of a text, as far as it matters here.
enum class Piece { space, quoted, semicolon, other };

std::size_t past(std::string_view sql, std::string_view end, std::size_t from) {
  const auto at = sql.find(end, from);
  return at == std::string_view::npos ? sql.size() : at + end.size();
}

/// Past a literal in which a backslash takes the next character, whatever it is.
std::size_t past_literal(std::string_view sql) {
  for (std::size_t at = 1; at < sql.size(); ++at) {
    if (sql[at] == '\\') {
      ++at;
    } else if (sql[at] == '\'') {
      return at + 1;
    }
  }
  return sql.size();
}

std::pair<Piece, std::size_t> next_piece(std::string_view sql) {
  if (sql.starts_with("--") || sql.starts_with("//")) return {Piece::space, past(sql, "\n", 0)};
  if (sql.starts_with("/*")) return {Piece::space, past(sql, "*/", 2)};
  if (sql.starts_with("$$")) return {Piece::quoted, past(sql, "$$", 2)};
  if (sql.starts_with('"')) return {Piece::quoted, past(sql, "\"", 1)};
  if (sql.starts_with('\'')) return {Piece::quoted, past_literal(sql)};
  if (sql.starts_with(';')) return {Piece::semicolon, 1};
  constexpr std::string_view kSpace = " \t\r\n(";
  return {kSpace.contains(sql.front()) ? Piece::space : Piece::other, 1};
}

std::string_view without_leading_space(std::string_view sql) {
  while (!sql.empty()) {
    const auto [piece, length] = next_piece(sql);
    if (piece != Piece::space) break;
    sql.remove_prefix(length);
  }
  return sql;
}

bool is_one_statement(std::string_view sql) {
  while (!sql.empty()) {
    const auto [piece, length] = next_piece(sql);
    sql.remove_prefix(length);
    if (piece == Piece::semicolon) return without_leading_space(sql).empty();
  }
  return true;
}

std::string first_word(std::string_view sql) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string word(sql.begin(), std::ranges::find_if_not(sql, is_letter));
  std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c & ~0x20); });
  return word;
}

}  // namespace

Result<void> check_read_only(std::string_view sql) {
  const std::string word = first_word(without_leading_space(sql));
  if (word != "SELECT" && word != "WITH") {
    return fail(ErrorKind::bad_input,
                fmt::format("only queries are allowed here, but this begins with '{}'", word));
  }
  if (is_one_statement(sql)) return {};
  return fail(ErrorKind::bad_input, "only one query at a time is allowed here");
}

}  // namespace sdp::warehouse::snowflake
