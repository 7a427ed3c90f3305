#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/check.h"
#include "base/encoding.h"
#include "lake/framed_json.h"
#include "lake/json_judge.h"
#include "lake/line.h"

namespace sdp::lake {
namespace {

constexpr std::array<std::string_view, 15> kCodes = {
    "tombstone",          "empty_value",         "not_utf8",
    "not_json",           "not_object",          "too_deep",
    "too_large",          "reserved_member",     "nul_character",
    "line_too_large",     "batch_too_large",     "batch_undecodable",
    "batch_bad_checksum", "batch_unknown_codec", "batch_malformed"};

template <std::integral Number>
void append_number(std::string& out, Number number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void append_base64(std::string& out, std::string_view bytes) {
  out.push_back('"');
  base::append_base64(out, bytes);
  out.push_back('"');
}

void append_headers(std::string& out, const std::vector<log::HeaderView>& headers) {
  out.append(R"(,"_kafka_headers":[)");
  for (const log::HeaderView& header : headers) {
    if (&header != &headers.front()) out.push_back(',');
    const bool plain = is_text(header.name);
    out.push_back('[');
    base::append_json_string(out, plain ? header.name : "");
    out.push_back(',');
    if (header.value) {
      append_base64(out, *header.value);
    } else {
      out.append("null");
    }
    if (!plain) {
      out.push_back(',');
      append_base64(out, header.name);
    }
    out.push_back(']');
  }
  out.push_back(']');
}

/// `{"_kafka_partition":...` up to, and without, what follows our members.
void append_prefix(std::string& out, const log::RecordView& record) {
  out.append(R"({"_kafka_partition":)");
  append_number(out, record.partition);
  out.append(R"(,"_kafka_offset":)");
  append_number(out, record.offset);
  out.append(R"(,"_kafka_timestamp":)");
  append_number(out, record.timestamp.time_since_epoch().count());
  if (!record.key) {
    out.append(R"(,"_kafka_key":null)");
  } else if (is_text(*record.key)) {
    out.append(R"(,"_kafka_key":)");
    base::append_json_string(out, *record.key);
  } else {
    out.append(R"(,"_kafka_key_base64":)");
    append_base64(out, *record.key);
  }
  if (!record.headers.empty()) append_headers(out, record.headers);
}

void append_rejected(std::string& out, RejectCode code, const std::optional<std::string_view>& value) {
  out.append(R"(,"_error":")");
  out.append(name(code));
  out.append(R"(","_raw":)");
  if (value) {
    append_base64(out, *value);
  } else {
    out.append("null");
  }
  out.append("}\n");
}

/// True when an escape may be of U+0000 or of a surrogate, where the fast parser's yes is not the last word.
bool has_doubtful_escape(std::string_view value) {
  for (std::size_t at = value.find('\\'); at != std::string_view::npos; at = value.find('\\', at + 2)) {
    const std::string_view escape = value.substr(at + 1, 5);
    if (escape == "u0000" || escape.starts_with("ud") || escape.starts_with("uD")) return true;
  }
  return false;
}

bool has_reserved_member(const simdjson::dom::object& object) {
  return std::ranges::any_of(object, [](const auto& field) { return is_reserved(field.key); });
}

/// Inside valid JSON line breaks stand only between tokens.
void replace_line_breaks(std::string& out, std::size_t from) {
  const std::string_view tail = std::string_view(out).substr(from);
  if (!tail.contains('\n') && !tail.contains('\r')) return;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

std::string_view name(RejectCode code) {
  return kCodes[static_cast<std::size_t>(code)];
}

RejectCode code_of(log::BatchFault fault) {
  switch (fault) {
    case log::BatchFault::too_large:
      return RejectCode::batch_too_large;
    case log::BatchFault::undecodable:
      return RejectCode::batch_undecodable;
    case log::BatchFault::bad_checksum:
      return RejectCode::batch_bad_checksum;
    case log::BatchFault::unknown_codec:
      return RejectCode::batch_unknown_codec;
    case log::BatchFault::malformed:
      return RejectCode::batch_malformed;
  }
  return RejectCode::batch_undecodable;
}

std::optional<RejectCode> parse_reject_code(std::string_view text) {
  const auto at = std::ranges::find(kCodes, text);
  if (at == kCodes.end()) return std::nullopt;
  return static_cast<RejectCode>(at - kCodes.begin());
}

struct LineEncoder::Parser {
  simdjson::dom::parser json;

  /// Judges the object that stands at the end of `out` from `at`, in place.
  std::optional<RejectCode> judge_tail(std::string& out, std::size_t at) {
    const std::size_t size = out.size() - at;
    out.append(simdjson::SIMDJSON_PADDING, '\0');
    simdjson::dom::object object;
    const bool valid = json.parse(out.data() + at, size, false).get(object) == simdjson::SUCCESS;
    out.resize(at + size);
    const std::string_view value(out.data() + at, size);
    if (valid && !has_reserved_member(object) && !has_doubtful_escape(value)) return std::nullopt;
    return judge_json(value);
  }
};

LineEncoder::LineEncoder(std::size_t value_bytes_max, Framed framed)
    : parser_(std::make_unique<Parser>()), value_bytes_max_(value_bytes_max), framed_(framed) {
  SDP_ASSERT(parser_->json.allocate(4096, kJsonDepthMax) == simdjson::SUCCESS);
}
LineEncoder::~LineEncoder() = default;
LineEncoder::LineEncoder(LineEncoder&&) noexcept = default;

std::optional<RejectCode> LineEncoder::append(std::string& out, const log::RecordView& record) {
  append_prefix(out, record);
  const std::size_t after_record = out.size();
  const auto reject = [&](RejectCode code) {
    out.resize(after_record);
    append_rejected(out, code, record.value);
    return code;
  };
  if (!record.value) return reject(RejectCode::tombstone);
  if (record.value->size() > value_bytes_max_) return reject(RejectCode::too_large);
  std::string_view value = base::trimmed(*record.value);
  if (value.empty()) return reject(RejectCode::empty_value);
  if (value.front() != '{') {
    const auto framed = framed_ == Framed::kept ? framed_json(*record.value) : std::nullopt;
    if (!framed) return reject(judge_json(value).value_or(RejectCode::not_object));
    out.append(R"(,"_kafka_schema_id":)");
    append_number(out, framed->schema_id);
    value = framed->json;
  }

  const std::size_t after_prefix = out.size();
  out.append(value);
  if (const auto code = parser_->judge_tail(out, after_prefix)) return reject(*code);
  // The object's own brace becomes the comma after our members.
  if (out.find_first_not_of(" \t\n\r", after_prefix + 1) == out.size() - 1) {
    out.resize(after_prefix);
    out.append("}\n");
    return std::nullopt;
  }
  out[after_prefix] = ',';
  replace_line_breaks(out, after_prefix);
  out.push_back('\n');
  return std::nullopt;
}

RejectCode LineEncoder::append(std::string& out, const log::UnreadableBatch& batch) {
  const RejectCode code = code_of(batch.fault);
  append_prefix(out, {.partition = batch.partition,
                      .offset = batch.first,
                      .timestamp = log::kTimeOfUnreadable,
                      .key = std::nullopt,
                      .value = std::nullopt,
                      .headers = {}});
  out.append(R"(,"_kafka_last_offset":)");
  append_number(out, batch.end - 1);
  append_rejected(out, code, std::nullopt);
  return code;
}

}  // namespace sdp::lake
