#include "mapping/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "event/fields.h"

namespace sdp::mapping {
namespace {

/// Linux takes 128 KiB for a variable with its name.
constexpr std::size_t kSqlBytesMax = 120'000;

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kUsPerMs = 1'000;
constexpr std::int64_t kUsPerSecond = 1'000'000;

constexpr std::string_view kMinute = "[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]";
constexpr std::string_view kDatetime =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?";
constexpr std::string_view kUtc =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z";

bool is_index(std::string_view token) {
  constexpr std::size_t kIndexDigitsMax = 9;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !token.empty() && token.size() <= kIndexDigitsMax && std::ranges::all_of(token, is_digit) &&
         (token.size() == 1 || token[0] != '0');
}

/// Writes the relations of one mapping. Of the pointer with the number I they have the columns
///   m_s{I}  the string that it leads to
///   m_n{I}  the integer: a number without fraction that a double holds exactly
///   m_d{I}  the same, or the integer whose digits are in the string
///   m_t{I}  the text of a string, an integer or a boolean
///   m_there{I}  whether it leads to anything but null
/// each null where there is no such value, and of the rule with the number R
///   m_us{R}    its moment, in microseconds since 1970
///   m_hash{R}  the SHA-1 of its name (DuckDB)
class Compiler {
 public:
  Compiler(const Mapping& mapping, Dialect dialect)
      : mapping_(mapping), dialect_(dialect), pointers_(pointers_of(mapping)) {}

  std::string text() const {
    return relation("m_found", "arrived", found()) + ",\n" + relation("m_numbers", "m_found", numbers()) +
           ",\n" + relation("m_values", "m_numbers", values()) + ",\n" +
           relation("m_texts", "m_values", texts()) + ",\n" + relation("m_named", "m_texts", named()) +
           ",\n" + relation("mapped", "m_named", {event() + " as payload"});
  }

 private:
  using Columns = std::vector<std::string>;

  bool on_duckdb() const { return dialect_ == Dialect::duckdb; }

  static std::string relation(std::string_view name, std::string_view from, const Columns& columns) {
    return fmt::format("{} as (\n    select\n        *{}{}\n    from {}\n)", name,
                       columns.empty() ? "" : ",\n        ", fmt::join(columns, ",\n        "), from);
  }

  std::string literal(std::string_view text) const { return quoted(text, dialect_); }

  std::string matches(std::string_view text, std::string_view pattern) const {
    return on_duckdb() ? fmt::format("regexp_full_match({}, '{}')", text, pattern)
                       : fmt::format("regexp_like({}, '^({})$')", text, pattern);
  }

  /// What each pointer leads to: JSON's text on DuckDB, a VARIANT and the name of its type on Snowflake. On
  /// DuckDB all of them by one reading of the payload.
  Columns found() const {
    if (!on_duckdb()) return {"try_parse_json(arrived_payload) as m_root"};
    std::string paths;
    for (const Pointer& pointer : pointers_)
      paths += (paths.empty() ? "" : ", ") + literal(to_string(pointer));
    return {fmt::format("try(json_extract(arrived_payload, [{}])) as m_found", paths)};
  }

  /// The VARIANT below m_root. What looks like an index is a name in an object, too.
  std::string step(std::size_t pointer) const {
    std::string at = "m_root";
    for (const std::string& token : pointers_[pointer].tokens) {
      const std::string name = fmt::format("get({}, {})", at, literal(token));
      at = is_index(token) ? fmt::format("coalesce({}, get({}, {}))", name, at, token) : name;
    }
    return at;
  }

  Columns numbers() const {
    Columns columns;
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      columns.push_back(
          on_duckdb() ? fmt::format("nullif(cast(m_found[{}] as varchar), 'null') as m_json{}", i + 1, i)
                      : fmt::format("{} as m_json{}", step(i), i));
    }
    return columns;
  }

  /// The double of a number; of nothing else.
  std::string number(std::size_t i) const {
    return on_duckdb()
               ? fmt::format(
                     "try_cast(case when m_json{0}[1] between '0' and '9' or m_json{0}[1] = '-' then "
                     "m_json{0} end as double)",
                     i)
               : fmt::format(
                     "case when typeof(m_json{0}) in ('INTEGER', 'DECIMAL', 'DOUBLE') then cast(m_json{0} "
                     "as double) end",
                     i);
  }

  Columns values() const {
    Columns columns;
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      columns.push_back(fmt::format("{} as m_double{}", number(i), i));
      if (on_duckdb()) {
        columns.push_back(
            fmt::format("case when starts_with(m_json{0}, '\"') then m_json{0} ->> '$' end as m_s{0}", i));
        columns.push_back(fmt::format("m_json{0} is not null as m_there{0}", i));
        columns.push_back(
            fmt::format("case when m_json{0} in ('true', 'false') then m_json{0} end as m_boolean{0}", i));
      } else {
        columns.push_back(fmt::format("as_varchar(m_json{0}) as m_s{0}", i));
        columns.push_back(
            fmt::format("coalesce(typeof(m_json{0}), 'NULL_VALUE') <> 'NULL_VALUE' as m_there{0}", i));
        columns.push_back(fmt::format(
            "case when typeof(m_json{0}) = 'BOOLEAN' then cast(m_json{0} as varchar) end as m_boolean{0}",
            i));
      }
    }
    return columns;
  }

  Columns texts() const {
    Columns columns;
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      const std::string integer = fmt::format(
          "case when m_double{0} between {1} and {2} and floor(m_double{0}) = m_double{0} then "
          "cast(m_double{0} as bigint) end",
          i, -kIntegerMax, kIntegerMax);
      columns.push_back(fmt::format("{} as m_n{}", integer, i));
      columns.push_back(
          fmt::format("coalesce({}, cast(case when {} then m_s{} end as bigint)) as m_d{}", integer,
                      matches(fmt::format("m_s{}", i), fmt::format("-?[0-9]{{1,{}}}", kDigitsMax)), i, i));
      columns.push_back(
          fmt::format("coalesce(m_s{0}, cast({1} as varchar), m_boolean{0}) as m_t{0}", i, integer));
    }
    return columns;
  }

  Columns named() const {
    Columns columns;
    for (std::size_t r = 0; r < mapping_.rules.size(); ++r) {
      const Rule& rule = mapping_.rules[r];
      if (const auto* const time = std::get_if<Time>(&rule.how)) {
        if (const std::string us = moment(rule, *time); !us.empty())
          columns.push_back(fmt::format("{} as m_us{}", us, r));
      }
      if (const auto* const uuid5 = std::get_if<Uuid5>(&rule.how); uuid5 != nullptr && on_duckdb()) {
        std::string bytes = base::to_string(uuid5->name_space);
        std::erase(bytes, '-');
        columns.push_back(
            fmt::format("sha1(from_hex('{}') || encode({})) as m_hash{}", bytes, name_of(rule, *uuid5), r));
      }
    }
    return columns;
  }

  std::size_t number_of(const Pointer& pointer) const {
    return static_cast<std::size_t>(std::ranges::find(pointers_, pointer) - pointers_.begin());
  }

  /// Null where a part has no text.
  std::string name_of(const Rule& rule, const Uuid5& uuid5) const {
    std::string name;
    for (const Pointer& pointer : rule.from) {
      if (!name.empty()) name += fmt::format(" || {} || ", literal(uuid5.separator));
      name += fmt::format("m_t{}", number_of(pointer));
    }
    return name;
  }

  /// Microseconds since 1970; empty where the text of the time stays as it is, but for its spelling.
  std::string moment(const Rule& rule, const Time& time) const {
    const std::size_t i = number_of(rule.from[0]);
    std::string us;
    switch (time.form) {
      case TimeForm::rfc3339:
        if (rule.from.size() == 1) return {};
        us = since_1970(fmt::format("left(replace(m_s{}, 'Z', ''), 26)", i),
                        matches(fmt::format("m_s{}", i), kUtc));
        break;
      case TimeForm::minute:
        if (rule.from.size() == 1) return {};
        us = since_1970(fmt::format("m_s{} || ':00'", i), matches(fmt::format("m_s{}", i), kMinute));
        break;
      case TimeForm::datetime:
        if (rule.from.size() == 1) return {};
        us = since_1970(fmt::format("left(replace(m_s{}, ' ', 'T'), 26)", i),
                        matches(fmt::format("m_s{}", i), kDatetime));
        break;
      case TimeForm::epoch_s:
        us = scaled(i, kUsPerSecond);
        break;
      case TimeForm::epoch_ms:
        us = scaled(i, kUsPerMs);
        break;
      case TimeForm::epoch_us:
        us = scaled(i, 1);
        break;
    }
    if (rule.from.size() == 1) return us;
    return fmt::format("{} - case when m_d{} between 0 and {} then m_d{} * {} end", us,
                       number_of(rule.from[1]), kSecondMax * kMsPerSecond, number_of(rule.from[1]), kUsPerMs);
  }

  static std::string scaled(std::size_t i, std::int64_t us) {
    return fmt::format("case when m_d{0} between 0 and {1} then m_d{0} * {2} end", i,
                       (kSecondMax + 1) * (kUsPerSecond / us) - 1, us);
  }

  std::string since_1970(std::string_view text, std::string_view condition) const {
    const std::string plain = fmt::format("case when {} then {} end", condition, text);
    return on_duckdb() ? fmt::format("epoch_us(try_cast({} as timestamp))", plain)
                       : fmt::format(
                             "datediff('microsecond', cast('1970-01-01' as timestamp_ntz), "
                             "try_to_timestamp_ntz({}))",
                             plain);
  }

  std::string event() const {
    std::string members;
    for (std::size_t r = 0; r < mapping_.rules.size(); ++r) {
      members += fmt::format("{}\n            '{}', {}", r == 0 ? "" : ",",
                             event::kFields[mapping_.rules[r].field].name, member(r));
    }
    return on_duckdb() ? fmt::format("cast(json_object({}\n        ) as varchar)", members)
                       : fmt::format("to_json(object_construct({}\n        ))", members);
  }

  std::string as_json(std::string_view value) const {
    return fmt::format("{}({})", on_duckdb() ? "to_json" : "to_variant", value);
  }

  std::string scalar(const Scalar& value) const {
    if (const auto* const text = std::get_if<std::string>(&value)) return literal(*text);
    return fmt::format("cast({} as bigint)", std::get<std::int64_t>(value));
  }

  /// What no field admits, and that is told apart from what is not there.
  std::string_view nothing_valid() const { return on_duckdb() ? "cast('{}' as json)" : "parse_json('{}')"; }

  std::string member(std::size_t r) const {
    const Rule& rule = mapping_.rules[r];
    std::string fallback = rule.fallback ? as_json(scalar(*rule.fallback)) : "null";
    if (rule.from.empty()) return fallback;
    std::string there;
    for (const Pointer& pointer : rule.from)
      there += fmt::format("{}m_there{}", there.empty() ? "" : " and ", number_of(pointer));
    const std::string value = converted(rule, r);
    const bool is_total = std::holds_alternative<Table>(rule.how) && rule.fallback;
    return fmt::format("case when not ({}) then {} when {} is not null then {} else {} end", there, fallback,
                       value, as_json(value), is_total ? fallback : nothing_valid());
  }

  std::string converted(const Rule& rule, std::size_t r) const {
    return std::visit([&](const auto& how) { return convert(rule, how, r); }, rule.how);
  }

  // One overload a conversion: the value, or null where it cannot be converted.

  std::string convert(const Rule& rule, const Copy&, std::size_t) const {
    const bool is_integer = event::kFields[rule.field].type == event::FieldType::integer;
    return fmt::format("m_{}{}", is_integer ? "n" : "s", number_of(rule.from[0]));
  }

  std::string convert(const Rule& rule, const AsText&, std::size_t) const {
    return fmt::format("m_t{}", number_of(rule.from[0]));
  }

  std::string convert(const Rule& rule, const Table& table, std::size_t) const {
    std::string cases;
    for (const auto& [key, value] : table.values)
      cases += fmt::format(" when {} then {}", literal(key), scalar(value));
    return fmt::format("case m_t{}{} end", number_of(rule.from[0]), cases);
  }

  std::string convert(const Rule& rule, const Duration& duration, std::size_t) const {
    const std::string value = fmt::format("m_d{}", number_of(rule.from[0]));
    if (duration.unit == Unit::us) {
      return fmt::format("case when {0} >= 0 then cast(({0} - mod({0}, {1})) / {1} as bigint) end", value,
                         kUsPerMs);
    }
    const std::int64_t ms = duration.unit == Unit::ms  ? 1
                            : duration.unit == Unit::s ? kMsPerSecond
                                                       : kMsPerMinute;
    return fmt::format("case when {0} between 0 and {1} then {0} * {2} end", value, kIntegerMax / ms, ms);
  }

  std::string convert(const Rule& rule, const Time& time, std::size_t r) const {
    const std::size_t i = number_of(rule.from[0]);
    if (moment(rule, time).empty()) {
      if (time.form == TimeForm::rfc3339) return fmt::format("m_s{}", i);
      const bool is_minute = time.form == TimeForm::minute;
      return fmt::format("case when {} then replace(m_s{}, ' ', 'T') || '{}' end",
                         matches(fmt::format("m_s{}", i), is_minute ? kMinute : kDatetime), i,
                         is_minute ? ":00Z" : "Z");
    }
    const std::string us = fmt::format("m_us{}", r);
    const std::string in_range = fmt::format("{} between 0 and {}", us, (kSecondMax + 1) * kUsPerSecond - 1);
    if (on_duckdb()) {
      return fmt::format("case when {} then strftime(make_timestamp({}), '%Y-%m-%dT%H:%M:%S.%fZ') end",
                         in_range, us);
    }
    const std::string second =
        fmt::format("to_timestamp_ntz(cast(({0} - mod({0}, {1})) / {1} as bigint), 0)", us, kUsPerSecond);
    return fmt::format(
        "case when {0} then to_char({1}, 'YYYY-MM-DD') || 'T' || to_char({1}, 'HH24:MI:SS') || '.' || "
        "lpad(cast(mod({2}, {3}) as varchar), 6, '0') || 'Z' end",
        in_range, second, us, kUsPerSecond);
  }

  std::string convert(const Rule& rule, const Uuid5& uuid5, std::size_t r) const {
    if (!on_duckdb())
      return fmt::format("case when {1} is not null then uuid_string('{0}', {1}) end",
                         base::to_string(uuid5.name_space), name_of(rule, uuid5));
    return fmt::format(
        "substr(m_hash{0}, 1, 8) || '-' || substr(m_hash{0}, 9, 4) || '-5' || substr(m_hash{0}, 14, 3) || "
        "'-' || translate(substr(m_hash{0}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || "
        "substr(m_hash{0}, 18, 3) || '-' || substr(m_hash{0}, 21, 12)",
        r);
  }

  const Mapping& mapping_;
  const Dialect dialect_;
  const std::vector<Pointer> pointers_;
};

}  // namespace

std::string quoted(std::string_view text, Dialect dialect) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    // Snowflake reads escapes in every string.
    if (c == '\\' && dialect == Dialect::snowflake) out += '\\';
    out += c;
  }
  return out + "'";
}

Result<std::string> compile(const Mapping& mapping, Dialect dialect) {
  std::string text = Compiler(mapping, dialect).text();
  if (text.size() <= kSqlBytesMax) return text;
  return fail(
      ErrorKind::misconfigured,
      fmt::format("the mapping becomes {} bytes of SQL, and {} is what dbt can be given: list less in "
                  "its tables",
                  text.size(), kSqlBytesMax));
}

}  // namespace sdp::mapping
