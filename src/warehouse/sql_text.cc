#include "warehouse/sql_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <span>

#include "base/ascii.h"

namespace sdp::warehouse {
namespace {

enum class Kind { space, comment, quoted, semicolon, word, symbol };

struct Token {
  Kind kind = Kind::symbol;
  std::string_view text;
  bool has_end = true;  ///< false for a quote or comment that the text ends in
};

/// A letter, or a byte of a character beyond ASCII.
bool begins_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (c & 0x80) != 0;
}

bool is_in_word(char c) {
  return begins_word(c) || (c >= '0' && c <= '9') || c == '$';
}

/// `sql` up to and with the first `end` from `from` on.
Token up_to(Kind kind, std::string_view sql, std::string_view end, std::size_t from) {
  const auto at = sql.find(end, from);
  if (at == std::string_view::npos) return {kind, sql, false};
  return {kind, sql.substr(0, at + end.size())};
}

/// A literal from its quote at `from` on, in which a backslash takes the next character, whatever it is.
Token literal_with_backslashes(std::string_view sql, std::size_t from) {
  for (std::size_t at = from + 1; at < sql.size(); ++at) {
    if (sql[at] == '\\') {
      ++at;
    } else if (sql[at] == '\'') {
      return {Kind::quoted, sql.substr(0, at + 1)};
    }
  }
  return {Kind::quoted, sql, false};
}

Token nested_comment(std::string_view sql) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at + 1 < sql.size(); ++at) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") {
      ++depth;
      ++at;
    } else if (two == "*/") {
      ++at;
      if (--depth == 0) return {Kind::comment, sql.substr(0, at + 1)};
    }
  }
  return {Kind::comment, sql, false};
}

/// `$$` or `$tag$` at the front of `sql`; empty for any other dollar.
std::string_view dollar_quote(std::string_view sql, Dialect dialect) {
  if (sql.starts_with("$$")) return sql.substr(0, 2);
  if (dialect == Dialect::snowflake || sql.size() < 2 || !begins_word(sql[1])) return {};
  const auto end = sql.find('$', 1);
  if (end == std::string_view::npos) return {};
  return std::ranges::all_of(sql.substr(1, end - 1), is_in_word) ? sql.substr(0, end + 1)
                                                                 : std::string_view();
}

/// A comment to the end of its line is whole at the end of the text, too.
Token line_comment(std::string_view sql) {
  return {Kind::comment, sql.substr(0, sql.find('\n'))};
}

/// The first token of a text that is not empty. Two quoted ones follow each other where a quote is doubled.
Token next_token(std::string_view sql, Dialect dialect) {
  const bool snowflake = dialect == Dialect::snowflake;
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  if (kSpace.contains(sql.front())) return {Kind::space, sql.substr(0, sql.find_first_not_of(kSpace))};
  if (sql.starts_with("--") || (snowflake && sql.starts_with("//"))) return line_comment(sql);
  if (sql.starts_with("/*")) return snowflake ? up_to(Kind::comment, sql, "*/", 2) : nested_comment(sql);
  if (sql.starts_with('"')) return up_to(Kind::quoted, sql, "\"", 1);
  if (sql.starts_with('\''))
    return snowflake ? literal_with_backslashes(sql, 0) : up_to(Kind::quoted, sql, "'", 1);
  if (!snowflake && (sql.starts_with("e'") || sql.starts_with("E'"))) return literal_with_backslashes(sql, 1);
  if (const auto quote = dollar_quote(sql, dialect); !quote.empty())
    return up_to(Kind::quoted, sql, quote, quote.size());
  if (sql.starts_with(';')) return {Kind::semicolon, sql.substr(0, 1)};
  if (begins_word(sql.front())) {
    const auto end = std::ranges::find_if_not(sql, is_in_word);
    return {Kind::word, {sql.begin(), end}};
  }
  return {Kind::symbol, sql.substr(0, sql.starts_with("->>") ? 3 : 1)};
}

/// All of a text but space and comments.
std::vector<Token> tokens_of(std::string_view sql, Dialect dialect) {
  std::vector<Token> tokens;
  while (!sql.empty()) {
    const Token token = next_token(sql, dialect);
    sql.remove_prefix(token.text.size());
    if (token.kind != Kind::space && token.kind != Kind::comment) tokens.push_back(token);
  }
  return tokens;
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

std::string first_word_of(std::span<const Token> tokens) {
  const auto at = std::ranges::find_if_not(tokens, [](const Token& token) { return token.text == "("; });
  return at == tokens.end() || at->kind != Kind::word ? std::string() : base::upper(at->text);
}

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorKind::bad_input, fmt::format("only what reads may run here, but {}", why));
}

/// What changes something on Snowflake although its statement is a query.
Result<void> check_snowflake(std::span<const Token> tokens) {
  const bool is_with = first_word_of(tokens) == "WITH";
  for (const Token& token : tokens) {
    if (token.text == "->>")
      return refused("`->>` chains another statement to this one; ask each of them alone");
    if (token.kind != Kind::word && !token.text.starts_with('"')) continue;
    const std::string name = base::upper(token.text.substr(token.text.starts_with('"') ? 1 : 0));
    if (name.starts_with("SYSTEM$")) return refused(fmt::format("{} may change the account", name));
    if (name.starts_with("NEXTVAL")) return refused("NEXTVAL takes a number from a sequence");
    if (is_with && name == "PROCEDURE") return refused("WITH ... AS PROCEDURE calls a procedure");
  }
  return {};
}

}  // namespace

std::string sql_identifier(std::string_view name) {
  std::string quoted(1, '"');
  for (const char letter : name) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + '"';
}

std::string sql_literal(std::string_view text, Dialect dialect) {
  std::string quoted(1, '\'');
  for (const char letter : text) {
    const bool is_doubled = letter == '\'' || (letter == '\\' && dialect == Dialect::snowflake);
    quoted.append(is_doubled ? 2 : 1, letter);
  }
  return quoted + '\'';
}

Result<std::vector<Statement>> split_statements(std::string_view sql, Dialect dialect) {
  std::vector<Statement> statements;
  std::size_t line = 1;
  std::string_view text;  // from the first token of the present statement on, to its last one
  std::size_t first_line = 1;
  const auto end_statement = [&] {
    if (!text.empty()) statements.push_back({text, first_line});
    text = {};
  };
  while (!sql.empty()) {
    const Token token = next_token(sql, dialect);
    if (!token.has_end) {
      return fail(ErrorKind::bad_input, fmt::format("line {}: the {} that begins here does not end", line,
                                                    token.kind == Kind::comment ? "comment" : "quoted text"));
    }
    if (token.kind == Kind::semicolon) {
      end_statement();
    } else if (token.kind != Kind::space && token.kind != Kind::comment) {
      if (text.empty()) {
        text = token.text;
        first_line = line;
      } else {
        text = {text.data(), static_cast<std::size_t>(token.text.data() + token.text.size() - text.data())};
      }
    }
    line += lines_in(token.text);
    sql.remove_prefix(token.text.size());
  }
  end_statement();
  return statements;
}

std::string first_word(std::string_view statement, Dialect dialect) {
  return first_word_of(tokens_of(statement, dialect));
}

Result<void> check_reads(std::string_view statement, Dialect dialect) {
  constexpr std::array<std::string_view, 8> kReads = {"SELECT",   "WITH", "VALUES",  "SHOW",
                                                      "DESCRIBE", "DESC", "EXPLAIN", "USE"};
  const auto tokens = tokens_of(statement, dialect);
  const std::string word = first_word_of(tokens);
  const bool is_from = dialect == Dialect::duckdb && word == "FROM";
  if (!is_from && std::ranges::find(kReads, word) == kReads.end()) {
    const std::string_view found = !word.empty()    ? std::string_view(word)
                                   : tokens.empty() ? ""
                                                    : tokens.front().text;
    return refused(
        fmt::format("this begins with '{}'; SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN and USE do",
                    found.substr(0, 40)));
  }
  if (std::ranges::find(tokens, Kind::semicolon, &Token::kind) != tokens.end())
    return fail(ErrorKind::bad_input, "only one statement at a time is allowed here");
  return dialect == Dialect::snowflake ? check_snowflake(tokens) : Result<void>();
}

std::string on_duckdb(std::string_view statement) {
  const auto tokens = tokens_of(statement, Dialect::duckdb);
  // `USE WAREHOUSE.x` names a schema of a database that is called so.
  if (tokens.size() < 3 || tokens[1].kind != Kind::word || tokens[2].text == ".")
    return std::string(statement);
  const std::string verb = base::upper(tokens[0].text);
  const std::string kind = base::upper(tokens[1].text);
  const std::string_view name =
      statement.substr(static_cast<std::size_t>(tokens[2].text.data() - statement.data()));
  if (verb == "USE") {
    if (kind == "WAREHOUSE" || kind == "ROLE" || kind == "SECONDARY") return {};
    if (kind == "SCHEMA" || kind == "DATABASE") return fmt::format("USE {}", name);
  }
  // DuckDB would describe the statement `TABLE x` of one row.
  if ((verb == "DESCRIBE" || verb == "DESC") && (kind == "TABLE" || kind == "VIEW"))
    return fmt::format("DESCRIBE {}", name);
  return std::string(statement);
}

}  // namespace sdp::warehouse
