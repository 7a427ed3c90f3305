#include "verify/oracle_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/lines.h"

namespace sdp::verify {
namespace {

using Json = nlohmann::json;

constexpr int kOracleVersion = 2;
/// Of a line; names of songs are the only texts without a limit of their own.
constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;
constexpr std::array<std::string_view, 4> kRowNames{"all", "current", "sums", "none"};
constexpr std::array<std::string_view, 6> kTypes{"BIGINT",    "VARCHAR", "DATE",
                                                 "TIMESTAMP", "DOUBLE",  "BOOLEAN"};

std::optional<std::uint64_t> number_in(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::string> text_in(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

/// Names that may stand in SQL as they are.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::optional<std::vector<std::string>> names_in(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const Json& name : *found) {
    if (!name.is_string() || !is_name(name.get_ref<const std::string&>())) return std::nullopt;
    names.push_back(name.get<std::string>());
  }
  return names;
}

/// Why the line of a table is not as it must be; empty when it is.
std::string_view parse_table(const Json& json, OracleTable& table) {
  const auto name = text_in(json, "table");
  const auto which = text_in(json, "which");
  const auto key = names_in(json, "key");
  const auto columns = names_in(json, "columns");
  const auto types = names_in(json, "types");
  const auto rows = number_in(json, "rows");
  if (!name || !name->starts_with("MART.") || !is_name(std::string_view(*name).substr(5)))
    return "`table` is not MART and a name";
  const auto known = std::ranges::find(kRowNames, which.value_or(""));
  if (known == kRowNames.end()) return "`which` is none of all, current, sums, none";
  if (!key || !columns || !types || !rows || !names_in(json, "untold"))
    return "`key`, `columns`, `types` and `untold` must be arrays of names, `rows` a number";
  if (types->size() != columns->size() || std::ranges::any_of(*types, [](const std::string& type) {
        return std::ranges::find(kTypes, type) == kTypes.end();
      }))
    return "`types` must give one of BIGINT, VARCHAR, DATE, TIMESTAMP, DOUBLE, BOOLEAN for each column";
  if (key->size() > columns->size() || !std::equal(key->begin(), key->end(), columns->begin()))
    return "the columns of `key` must be the first of `columns`";
  table = {.table = *name,
           .which = static_cast<OracleRows>(known - kRowNames.begin()),
           .key = key->size(),
           .columns = *columns,
           .types = *types,
           .rows = *rows};
  const bool one_row = table.which == OracleRows::sums;
  const bool no_row = table.which == OracleRows::none;
  if (columns->empty() != no_row || (no_row && *rows != 0))
    return "a table of which nothing is told has no columns and no rows";
  if (key->empty() != (one_row || no_row) || (one_row && *rows != 1))
    return "sums are one row without a key, and only they";
  return {};
}

}  // namespace

Result<OracleFile> OracleFile::open(const std::filesystem::path& path) {
  OracleFile oracle;
  oracle.path_ = path;
  oracle.file_.open(path, std::ios::binary);
  if (!oracle.file_) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot read the oracle {}; name a file that `simulate --oracle` has written",
                            path.string()));
  }
  SDP_RETURN_IF_ERROR(oracle.read_head());
  return oracle;
}

Error OracleFile::broken(std::string_view why) const {
  return {ErrorKind::misconfigured, fmt::format("{} line {}: {}", path_.string(), number_, why)};
}

Result<void> OracleFile::read_line() {
  if (number_++ > 0) {
    line_ += '\n';
    sha256_->add(line_);
  }
  switch (base::read_line(file_, line_, kLineBytesMax)) {
    case base::LineRead::whole:
      return {};
    case base::LineRead::cut_off:
      return std::unexpected(broken("the line is cut off"));
    case base::LineRead::too_long:
      return std::unexpected(broken("the line is too long"));
    case base::LineRead::end:
      break;
  }
  return std::unexpected(broken("the file ends before its end line"));
}

/// Up to the line of the first table, which stays the line that was read last.
Result<void> OracleFile::read_head() {
  bool has_counts = false;
  std::uint64_t rejected = 0;
  for (;;) {
    SDP_RETURN_IF_ERROR(read_line());
    const Json json = Json::parse(line_, nullptr, false);
    if (!json.is_object()) return std::unexpected(broken("a JSON object must stand here"));
    if (number_ == 1) {
      if (number_in(json, "oracle") != kOracleVersion) {
        return std::unexpected(broken(fmt::format("an oracle of version {} begins with {{\"oracle\":{}}}",
                                                  kOracleVersion, kOracleVersion)));
      }
    } else if (const auto counts = json.find("counts"); counts != json.end()) {
      if (has_counts) return std::unexpected(broken("the counts come a second time"));
      SDP_RETURN_IF_ERROR(read_counts(*counts));
      has_counts = true;
    } else if (const auto why = json.find("rejected"); why != json.end()) {
      const auto reason = text_in(*why, "reason");
      const auto records = number_in(*why, "records");
      if (!reason || !records)
        return std::unexpected(broken("`rejected` must have reason, field and records"));
      const auto [at, is_new] =
          counts_.rejected_for.emplace(std::pair(*reason, text_in(*why, "field").value_or("")), *records);
      if (!is_new) return std::unexpected(broken("records of this reason and field come a second time"));
      rejected += *records;
    } else if (json.contains("table") || json.contains("end")) {
      break;
    } else if (!json.contains("run") && !json.contains("late")) {
      return std::unexpected(broken("a line of this kind is not known here"));
    }
  }
  if (!has_counts) return std::unexpected(broken("no line has told the counts"));
  if (rejected != counts_.rejected)
    return std::unexpected(broken("the rejected records by reason do not add up to their count"));
  return {};
}

Result<void> OracleFile::read_counts(const Json& counts) {
  const auto kept = number_in(counts, "kept");
  const auto duplicates = number_in(counts, "duplicates");
  const auto rejected = number_in(counts, "rejected");
  if (!kept || !duplicates || !rejected)
    return std::unexpected(broken("`counts` must have the numbers kept, duplicates and rejected"));
  counts_.kept = *kept;
  counts_.duplicates = *duplicates;
  counts_.rejected = *rejected;
  const auto types = counts.find("kept_by_type");
  if (types == counts.end()) return {};
  if (!types->is_object()) return std::unexpected(broken("`kept_by_type` must be an object"));
  std::uint64_t sum = 0;
  for (const auto& [type, events] : types->items()) {
    if (!events.is_number_unsigned())
      return std::unexpected(broken(fmt::format("`kept_by_type` has no number of {}", type)));
    counts_.kept_by_type[type] = events.get<std::uint64_t>();
    sum += counts_.kept_by_type[type];
  }
  if (sum != *kept) return std::unexpected(broken("the kept events by type do not add up to their count"));
  return {};
}

/// `line_` is still the end line, of which its own digest knows nothing.
Result<void> OracleFile::read_end(const Json& end) {
  if (number_in(end, "tables") != tables_)
    return std::unexpected(broken(fmt::format("{} tables came, and the end line tells of others", tables_)));
  if (end.contains("sha256")) was_changed_ = text_in(end, "sha256") != sha256_->hex();
  if (file_.peek() == std::ifstream::traits_type::eof()) return {};
  ++number_;
  return std::unexpected(broken("nothing may stand behind the end line"));
}

Result<std::optional<OracleTable>> OracleFile::next_table() {
  for (;;) {
    SDP_TRY(const auto row, next_row());
    if (!row) break;
  }
  if (tables_ > 0) SDP_RETURN_IF_ERROR(read_line());
  const Json json = Json::parse(line_, nullptr, false);
  if (!json.is_object())
    return std::unexpected(broken("the line of a table must stand here, or the end line"));
  if (const auto end = json.find("end"); end != json.end()) {
    SDP_RETURN_IF_ERROR(read_end(*end));
    return std::nullopt;
  }
  OracleTable table;
  if (const std::string_view why = parse_table(json, table); !why.empty())
    return std::unexpected(broken(why));
  ++tables_;
  rows_left_ = table.rows;
  return table;
}

Result<std::optional<std::string_view>> OracleFile::next_row() {
  if (rows_left_ == 0) return std::nullopt;
  SDP_RETURN_IF_ERROR(read_line());
  if (!line_.starts_with('['))
    return std::unexpected(broken(fmt::format("{} rows of the table are to come yet", rows_left_)));
  --rows_left_;
  return line_;
}

}  // namespace sdp::verify
