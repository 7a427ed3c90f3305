#include "verify/mart_recount.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/ascii.h"

namespace sdp::verify {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::size_t kFilesMax = 1'000;
/// Queries within queries.
constexpr int kDepthMax = 8;

using Reader = std::function<Result<std::string>(std::string_view)>;

/// Without the semicolon at a statement's end, too.
std::string_view trimmed(std::string_view text) {
  return base::trimmed(text, " \t\r\n;");
}

/// `day DATE` as a column; `misconfigured` when there is no type.
Result<MartRecount::Column> parse_column(std::string_view name, std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the recount {}.sql declares the column '{}' without a type", name, text));
  }
  return MartRecount::Column{base::upper(text.substr(0, blank)), base::upper(trimmed(text.substr(blank)))};
}

/// `day DATE, song_id VARCHAR`
Result<void> add_columns(std::string_view name, std::string_view text, MartRecount& recount) {
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    SDP_TRY(MartRecount::Column column, parse_column(name, trimmed(text.substr(0, comma))));
    recount.columns.push_back(std::move(column));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

/// `seen_at TIMESTAMP: only a run of dbt saw it`
Result<void> add_unproved(std::string_view name, std::string_view text, MartRecount& recount) {
  const auto colon = text.find(':');
  SDP_TRY(MartRecount::Column column, parse_column(name, trimmed(text.substr(0, colon))));
  column.not_proved = colon == std::string_view::npos ? "" : trimmed(text.substr(colon + 1));
  if (column.not_proved.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the recount {}.sql does not say why {} is not proved", name, column.name));
  }
  recount.columns.push_back(std::move(column));
  return {};
}

/// Takes the comment lines off the front of `text` and notes in `recount` what they declare.
Result<void> take_head(std::string_view name, std::string_view& text, MartRecount& recount) {
  while (text.starts_with("--")) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto colon = std::min(line.find(':'), line.size());
    const std::string_view word = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (word == "-- table") recount.table = base::upper(value);
    if (word == "-- columns") SDP_RETURN_IF_ERROR(add_columns(name, value, recount));
    if (word == "-- not proved") SDP_RETURN_IF_ERROR(add_unproved(name, value, recount));
    if (word == "-- where") recount.where = value;
    if (word == "-- other rows") recount.other_rows = value;
    if (word == "-- faults") recount.faults = value;
  }
  return {};
}

/// The query of a text with its parts put in, which are added to `parts`, too.
Result<std::string> expanded(std::string_view name, std::string_view text, const Reader& read, int depth,
                             std::vector<std::string>& parts) {
  if (depth > kDepthMax) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the recount {}.sql is nested more than {} deep: does it include itself?", name,
                            kDepthMax));
  }
  MartRecount unused;
  SDP_RETURN_IF_ERROR(take_head(name, text, unused));
  std::string sql;
  for (;;) {
    const auto open = text.find("{{");
    sql += text.substr(0, open);
    if (open == std::string_view::npos) return std::string(trimmed(sql));
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("the recount {}.sql has a '{{{{' without '}}}}'", name));
    }
    const auto part = trimmed(text.substr(open + 2, close - open - 2));
    SDP_TRY(const std::string part_text, read(part));
    SDP_TRY(const std::string part_sql, expanded(part, part_text, read, depth + 1, parts));
    sql += parts.emplace_back(fmt::format("({})", part_sql));
    text.remove_prefix(close + 2);
  }
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot read the recount {}: {}", path.string(), error.message()));
  }
  if (size > kBytesMax) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the recount {} has {} bytes, more than {}", path.string(), size, kBytesMax));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (size > 0 && !(text << file.rdbuf()))
    return fail(ErrorKind::misconfigured, fmt::format("cannot read the recount {}", path.string()));
  return std::move(text).str();
}

}  // namespace

std::vector<std::string> MartRecount::counted() const {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (column.not_proved.empty()) names.push_back(column.name);
  }
  return names;
}

Result<MartRecount> parse_recount(std::string_view name, const Reader& read) {
  MartRecount recount;
  recount.table = "MART." + base::upper(name);
  SDP_TRY(const std::string text, read(name));
  std::string_view rest(text);
  SDP_RETURN_IF_ERROR(take_head(name, rest, recount));
  if (recount.counted().empty()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the recount {}.sql does not declare its columns: add `-- columns: NAME TYPE, ...`",
                    name));
  }
  SDP_TRY(recount.sql, expanded(name, text, read, 1, recount.parts));
  if (recount.faults.empty()) return recount;
  SDP_TRY(const std::string faults, read(recount.faults));
  SDP_TRY(recount.faults, expanded(std::string(recount.faults), faults, read, 1, recount.parts));
  return recount;
}

Result<std::vector<MartRecount>> read_recounts(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().stem().string();
    if (at->path().extension() == ".sql" && !name.starts_with('_')) names.push_back(name);
    if (names.size() > kFilesMax) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("more than {} recounts in {}", kFilesMax, folder.string()));
    }
  }
  if (error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot read the folder of recounts {}: {}", folder.string(), error.message()));
  }
  std::ranges::sort(names);
  std::vector<MartRecount> recounts;
  for (const std::string& name : names) {
    SDP_TRY(MartRecount recount, parse_recount(name, [&](std::string_view part) {
              return read_file(folder / fmt::format("{}.sql", part));
            }));
    recount.path = (folder / (name + ".sql")).string();
    recounts.push_back(std::move(recount));
  }
  return recounts;
}

std::string with_epoch_ms(std::string_view sql, const std::function<std::string(std::string_view)>& spell) {
  constexpr std::string_view kCall = "epoch_ms(";
  std::string out;
  for (;;) {
    const auto call = sql.find(kCall);
    out += sql.substr(0, call);
    if (call == std::string_view::npos) return out;
    sql.remove_prefix(call + kCall.size());
    std::size_t end = 0;
    for (int depth = 1; end < sql.size(); ++end) {
      depth += sql[end] == '(' ? 1 : sql[end] == ')' ? -1 : 0;
      if (depth == 0) break;
    }
    out += spell(sql.substr(0, end));
    sql.remove_prefix(std::min(end + 1, sql.size()));
  }
}

}  // namespace sdp::verify
