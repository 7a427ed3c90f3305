#include "warehouse/duckdb/error_kind.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <string>

#include "base/ascii.h"

namespace sdp::warehouse::duckdb {
namespace {

struct Rule {
  std::string_view part;  ///< of DuckDB's message
  ErrorKind kind;
  std::string_view advice;
};

// DuckDB has no code that tells these apart: all are IO errors.
constexpr std::array kRules = {
    Rule{"Could not set lock", ErrorKind::fenced, "another process has it open; wait for it or stop it"},
    Rule{"No space left", ErrorKind::cannot_write,
         "the disk is full; make room and run again, nothing was half loaded"},
    Rule{"Read-only file system", ErrorKind::cannot_write,
         "the disk is read-only; choose another --warehouse"},
    Rule{"Permission denied", ErrorKind::cannot_write,
         "no right to it; change its rights or choose another --warehouse"},
    Rule{"File too large", ErrorKind::cannot_write,
         "the limit for file sizes is reached; raise it and run again"},
    Rule{"quota exceeded", ErrorKind::cannot_write, "the disk quota is used up; make room and run again"},
    Rule{"database does not exist", ErrorKind::misconfigured,
         "there is no warehouse yet; load first, or name another"},
    Rule{"Is a directory", ErrorKind::misconfigured, "a folder is in its place; choose another --warehouse"},
    Rule{"read-only mode", ErrorKind::cannot_write, "it was opened for reading"},
    Rule{"with version number", ErrorKind::bad_input,
         "another version of DuckDB wrote it; use that, or move it away to load again"},
    Rule{"not a valid DuckDB database file", ErrorKind::bad_input,
         "move it away; it is loaded again from the lake"},
    Rule{"Could not read enough bytes", ErrorKind::bad_input,
         "the file is cut short; move it away, it is loaded again from the lake"},
    Rule{"Corrupt", ErrorKind::bad_input,
         "the file is damaged; move it away, it is loaded again from the lake"},
    Rule{"Cannot open file", ErrorKind::cannot_write, "is its folder there and writable?"},
    Rule{"Out of Memory", ErrorKind::misconfigured, "raise --warehouse-memory"},
};

/// `Parser Error: ... (its line 1: SELECT * FORM x)`: DuckDB's lines as one, without the mark below a word.
std::string on_one_line(std::string_view message) {
  constexpr std::string_view kLine = "LINE ";
  std::string text;
  for (const auto part : std::views::split(message, '\n')) {
    const std::string_view line = base::trimmed_front({part.begin(), part.end()}, " ");
    if (line.empty() || line == "^") continue;
    if (!text.empty()) text += ' ';
    text +=
        line.starts_with(kLine) ? fmt::format("(its line {})", line.substr(kLine.size())) : std::string(line);
  }
  return text;
}

}  // namespace

Error classify_statement(std::string_view path, std::string_view message) {
  // DuckDB's messages begin with the class of the error. What these are about is not the statement.
  constexpr std::array<std::string_view, 4> kNotOfTheStatement = {"IO Error", "Out of Memory Error",
                                                                  "FATAL Error", "INTERNAL Error"};
  if (message.starts_with("INTERRUPT Error")) return {ErrorKind::interrupted, "the query was interrupted"};
  const auto begins = [&](std::string_view name) { return message.starts_with(name); };
  if (std::ranges::any_of(kNotOfTheStatement, begins)) return classify(path, message);
  return {ErrorKind::bad_input, on_one_line(message)};
}

Error classify(std::string_view path, std::string_view message) {
  const auto rule = std::ranges::find_if(kRules, [&](const Rule& r) { return message.contains(r.part); });
  const std::string first_line(message.substr(0, message.find('\n')));
  if (rule == kRules.end()) return {ErrorKind::fatal, fmt::format("DuckDB {}: {}", path, first_line)};
  return {rule->kind, fmt::format("DuckDB {}: {} ({})", path, rule->advice, first_line)};
}

}  // namespace sdp::warehouse::duckdb
