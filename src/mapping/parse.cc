#include "mapping/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/terminal_text.h"
#include "event/fields.h"
#include "event/rfc3339.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace sdp::mapping {
namespace {

constexpr std::string_view kVersion = "mapping";
constexpr std::int64_t kVersionNow = 1;
constexpr std::string_view kSeparator = "::";
constexpr std::size_t kShownMax = 60;

template <typename T>
using Word = std::pair<std::string_view, T>;

constexpr auto kUnits =
    std::to_array<Word<Unit>>({{"us", Unit::us}, {"ms", Unit::ms}, {"s", Unit::s}, {"min", Unit::min}});
constexpr auto kTimeForms = std::to_array<Word<TimeForm>>({{"rfc3339", TimeForm::rfc3339},
                                                           {"minute", TimeForm::minute},
                                                           {"datetime", TimeForm::datetime},
                                                           {"epoch_s", TimeForm::epoch_s},
                                                           {"epoch_ms", TimeForm::epoch_ms},
                                                           {"epoch_us", TimeForm::epoch_us}});
/// RFC 9562, appendix.
constexpr auto kNameSpaces =
    std::to_array<Word<std::string_view>>({{"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
                                           {"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
                                           {"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"}});

std::string shown(std::string_view text) {
  return fmt::format("\"{}{}\"", base::escaped(text.substr(0, kShownMax)),
                     text.size() > kShownMax ? "..." : "");
}

std::string listed(const auto& words) {
  std::string out;
  for (const auto& [word, value] : words) out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
  return out;
}

bool is_among(const auto& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

bool has_controls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// What is wrong with a value that a file gives for a field; empty when nothing is.
std::string fault_of(const event::Field& field, const Scalar& scalar) {
  const auto* const text = std::get_if<std::string>(&scalar);
  if (field.type == event::FieldType::integer) {
    if (text != nullptr) return "must be an integer";
    const auto number = std::get<std::int64_t>(scalar);
    return number >= 0 && number <= event::kIntegerMax ? ""
                                                       : fmt::format("must be 0 to {}", event::kIntegerMax);
  }
  if (text == nullptr) return "must be a string";
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  switch (field.type) {
    case event::FieldType::uuid:
      return base::parse_uuid(*text) ? "" : "must be a UUID";
    case event::FieldType::choice: {
      if (is_among(field.choices, *text)) return "";
      return fmt::format("must be one of {}", fmt::join(field.choices, ", "));
    }
    case event::FieldType::country:
      return text->size() == 2 && std::ranges::all_of(*text, is_upper) ? "" : "must be two letters A-Z";
    case event::FieldType::time:
      return event::parse_rfc3339(*text) ? "" : "must be a time as RFC 3339 has it";
    case event::FieldType::text:
      return field.required && text->empty() ? "must not be empty" : "";
    case event::FieldType::integer:
      break;
  }
  return "";
}

/// Reads the table of one field.
class RuleReader {
 public:
  RuleReader(std::string_view file, std::size_t field, const toml::table& table)
      : file_(file), field_(event::kFields[field]), table_(table) {
    rule_.field = field;
  }

  Result<Rule> read() && {
    SDP_RETURN_IF_ERROR(check_keys());
    SDP_RETURN_IF_ERROR(read_source());
    SDP_RETURN_IF_ERROR(read_conversion());
    SDP_RETURN_IF_ERROR(read_fallback());
    SDP_RETURN_IF_ERROR(check_identity());
    return std::move(rule_);
  }

 private:
  std::unexpected<Error> wrong(const toml::node& at, std::string_view what) const {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}:{}: {}: {}", file_, at.source().begin.line, field_.name, what));
  }

  bool has(std::string_view key) const { return table_.contains(key); }

  Result<void> check_keys() {
    static constexpr auto kKeys =
        std::to_array<std::string_view>({"pointer", "constant", "uuid5", "table", "unit", "time", "text",
                                         "minus", "namespace", "separator", "default"});
    for (const auto& [key, value] : table_) {
      if (is_among(kKeys, key.str())) continue;
      return wrong(value, fmt::format("{} is not a key of a field; there are {}", shown(key.str()),
                                      fmt::join(kKeys, ", ")));
    }
    return {};
  }

  /// A string without control characters, which no name of a member and no value here needs.
  Result<std::string> text(const toml::node& node, std::string_view what) const {
    const auto value = node.value_exact<std::string>();
    if (!value) return wrong(node, fmt::format("{} must be a string", what));
    if (has_controls(*value)) return wrong(node, fmt::format("{} has a control character", what));
    return *value;
  }

  Result<Pointer> pointer(const toml::node& node, std::string_view what) const {
    SDP_TRY(const std::string written, text(node, what));
    if (!written.starts_with('/')) {
      return wrong(node, fmt::format("{} {} must begin with /, as in /track/name", what, shown(written)));
    }
    Pointer result;
    for (std::size_t i = 0; i < written.size(); ++i) {
      const char c = written[i];
      const char next = i + 1 < written.size() ? written[i + 1] : '\0';
      if (c == '/') {
        result.tokens.emplace_back();
      } else if (c != '~') {
        result.tokens.back() += c;
      } else if (next == '0' || next == '1') {
        result.tokens.back() += next == '0' ? '~' : '/';
        ++i;
      } else {
        return wrong(node, fmt::format("{} {} has a ~ that is neither ~0 nor ~1", what, shown(written)));
      }
    }
    if (result.tokens.size() > kTokensMax) {
      return wrong(node, fmt::format("{} {} is more than {} levels deep", what, shown(written), kTokensMax));
    }
    return result;
  }

  Result<Scalar> scalar(const toml::node& node, std::string_view what) const {
    Scalar value;
    if (const auto number = node.value_exact<std::int64_t>()) {
      value = *number;
    } else if (node.is_string()) {
      SDP_TRY(value, text(node, what));
    } else {
      return wrong(node, fmt::format("{} must be a string or an integer", what));
    }
    if (const std::string fault = fault_of(field_, value); !fault.empty())
      return wrong(node, fmt::format("{} {}", what, fault));
    return value;
  }

  template <typename T, std::size_t N>
  Result<T> word(std::string_view key, const std::array<Word<T>, N>& words) const {
    const toml::node& node = *table_.get(key);
    SDP_TRY(const std::string written, text(node, key));
    for (const auto& [word, value] : words) {
      if (word == written) return value;
    }
    return wrong(node, fmt::format("{} {} is none of {}", key, shown(written), listed(words)));
  }

  Result<void> read_source() {
    if (has("pointer") + has("constant") + has("uuid5") != 1)
      return wrong(table_, "has to have exactly one of pointer, constant, uuid5");
    if (has("constant")) {
      if (table_.size() > 1) return wrong(table_, "a constant has no other keys");
      SDP_TRY(rule_.fallback, scalar(*table_.get("constant"), "constant"));
      return {};
    }
    if (has("pointer")) {
      SDP_TRY(Pointer from, pointer(*table_.get("pointer"), "pointer"));
      rule_.from.push_back(std::move(from));
      return {};
    }
    const toml::array* const all = table_.get_as<toml::array>("uuid5");
    if (all == nullptr || all->empty()) return wrong(*table_.get("uuid5"), "uuid5 must list pointers");
    for (const toml::node& node : *all) {
      SDP_TRY(Pointer from, pointer(node, "pointer"));
      rule_.from.push_back(std::move(from));
    }
    return {};
  }

  Result<void> read_conversion() {
    if (has("constant")) return {};
    if (has("table") + has("unit") + has("time") + has("text") + has("uuid5") > 1)
      return wrong(table_, "has more than one of table, unit, time, text, uuid5");
    if (has("uuid5")) return read_uuid5();
    for (const std::string_view key : {"namespace", "separator"}) {
      if (has(key)) return wrong(*table_.get(key), fmt::format("{} belongs to uuid5", key));
    }
    if (has("minus") && field_.type != event::FieldType::time)
      return wrong(*table_.get("minus"), "minus belongs to a time");
    if (has("table")) return read_table();
    if (has("unit")) return read_unit();
    if (has("text")) return read_text();
    if (field_.type == event::FieldType::time) return read_time();
    if (has("time")) return wrong(*table_.get("time"), "is not a time");
    return {};
  }

  Result<void> read_uuid5() {
    if (field_.type != event::FieldType::uuid && field_.type != event::FieldType::text)
      return wrong(*table_.get("uuid5"), "holds no UUID");
    if (has("minus")) return wrong(*table_.get("minus"), "minus belongs to a time");
    Uuid5 uuid5{.name_space = base::kNamespaceDns, .separator = std::string(kSeparator)};
    if (has("separator")) {
      SDP_TRY(uuid5.separator, text(*table_.get("separator"), "separator"));
    }
    if (has("namespace")) {
      const toml::node& node = *table_.get("namespace");
      SDP_TRY(const std::string written, text(node, "namespace"));
      const auto known = std::ranges::find(kNameSpaces, written, [](const auto& pair) { return pair.first; });
      const auto uuid = base::parse_uuid(known == kNameSpaces.end() ? written : known->second);
      if (!uuid) {
        return wrong(node, fmt::format("namespace {} is neither a UUID nor one of {}", shown(written),
                                       listed(kNameSpaces)));
      }
      uuid5.name_space = *uuid;
    }
    rule_.how = uuid5;
    return {};
  }

  Result<void> read_table() {
    const toml::table* const given = table_.get_as<toml::table>("table");
    if (field_.type == event::FieldType::time) return wrong(*table_.get("table"), "a time has no table");
    if (given == nullptr || given->empty())
      return wrong(*table_.get("table"), "table must list values, as in table = { a = \"b\" }");
    Table table;
    for (const auto& [key, node] : *given) {
      if (has_controls(key.str())) return wrong(node, "table has a key with a control character");
      SDP_TRY(Scalar value, scalar(node, fmt::format("table's value for {}", shown(key.str()))));
      table.values.emplace(std::string(key.str()), std::move(value));
    }
    rule_.how = std::move(table);
    return {};
  }

  Result<void> read_unit() {
    if (field_.type != event::FieldType::integer)
      return wrong(*table_.get("unit"), "holds no integer, and unit converts integers");
    Duration duration;
    SDP_TRY(duration.unit, word("unit", kUnits));
    rule_.how = duration;
    return {};
  }

  Result<void> read_text() {
    const toml::node& node = *table_.get("text");
    if (field_.type != event::FieldType::text) return wrong(node, "holds no text");
    if (node.value_exact<bool>() != true) return wrong(node, "text must be true; leave it out otherwise");
    rule_.how = AsText{};
    return {};
  }

  Result<void> read_time() {
    Time time;
    if (has("time")) {
      SDP_TRY(time.form, word("time", kTimeForms));
    }
    if (has("minus")) {
      SDP_TRY(Pointer minus, pointer(*table_.get("minus"), "minus"));
      rule_.from.push_back(std::move(minus));
    }
    rule_.how = time;
    return {};
  }

  Result<void> read_fallback() {
    if (!has("default")) return {};
    SDP_TRY(rule_.fallback, scalar(*table_.get("default"), "default"));
    return {};
  }

  Result<void> check_identity() const {
    if (field_.name != "event_id") return {};
    if (!rule_.fallback && !std::holds_alternative<Table>(rule_.how)) return {};
    return wrong(table_,
                 "is the identity of an event: all that have the same are duplicates of one; take a "
                 "pointer or uuid5, without default");
  }

  std::string_view file_;
  const event::Field& field_;
  const toml::table& table_;
  Rule rule_;
};

Result<void> check_version(const toml::table& file, std::string_view name) {
  const auto version = file[kVersion].value_exact<std::int64_t>();
  if (version == kVersionNow) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("{}:1: mapping: the file must say `mapping = {}`, the version of its format", name,
                          kVersionNow));
}

Result<void> check_pointers(const Mapping& mapping, std::string_view file) {
  const std::size_t count = pointers_of(mapping).size();
  if (count <= kPointersMax) return {};
  return fail(ErrorKind::misconfigured, fmt::format("{}:1: mapping: it has {} pointers, and {} is the most",
                                                    file, count, kPointersMax));
}

}  // namespace

Result<Mapping> parse(std::string_view text, std::string_view file) {
  if (text.size() > kFileBytesMax) {
    return fail(ErrorKind::misconfigured, fmt::format("{}:1: mapping: it has {} bytes, and {} is the most",
                                                      file, text.size(), kFileBytesMax));
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}:{}: mapping: it is not TOML: {}", file, parsed.error().source().begin.line,
                            base::escaped(parsed.error().description())));
  }
  const toml::table& all = parsed.table();
  SDP_RETURN_IF_ERROR(check_version(all, file));
  for (const auto& [key, node] : all) {
    const auto field = std::ranges::find(event::kFields, key.str(), &event::Field::name);
    if (key.str() == kVersion || field != event::kFields.end()) continue;
    std::string names;
    for (const event::Field& one : event::kFields) names += fmt::format(" {}", one.name);
    return fail(ErrorKind::misconfigured,
                fmt::format("{}:{}: {}: is not a field of an event; there are{}", file,
                            node.source().begin.line, base::escaped(key.str()), names));
  }
  Mapping mapping;
  for (std::size_t i = 0; i < event::kFields.size(); ++i) {
    const event::Field& field = event::kFields[i];
    const toml::node* const node = all.get(field.name);
    if (node == nullptr) {
      if (!field.required) continue;
      return fail(ErrorKind::misconfigured,
                  fmt::format("{}:1: {}: an event must have it, and the file does not say from where: add "
                              "[{}] with a pointer, a constant or uuid5",
                              file, field.name, field.name));
    }
    const toml::table* const table = node->as_table();
    if (table == nullptr) {
      return fail(ErrorKind::misconfigured, fmt::format("{}:{}: {}: must be a table, [{}]", file,
                                                        node->source().begin.line, field.name, field.name));
    }
    SDP_TRY(Rule rule, RuleReader(file, i, *table).read());
    mapping.rules.push_back(std::move(rule));
  }
  SDP_RETURN_IF_ERROR(check_pointers(mapping, file));
  return mapping;
}

}  // namespace sdp::mapping
