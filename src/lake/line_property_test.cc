#include <endian.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "lake/json_judge.h"
#include "lake/line.h"

// Properties of lines over random records, and the agreement of the encoder's fast path with the exact judge.

namespace sdp::lake {
namespace {

using Bytes = std::string;

/// Bytes of any value, often text, sometimes what makes JSON readers stumble.
rc::Gen<Bytes> any_bytes() {
  const auto piece = rc::gen::weightedOneOf<Bytes>(
      {{6, rc::gen::container<Bytes>(rc::gen::inRange<char>(0x20, 0x7f))},
       {2, rc::gen::arbitrary<Bytes>()},
       {2, rc::gen::elementOf(std::vector<Bytes>{"\"", "\\", "\\u0000", "\\\\u0000", "\\ud800", "\\udc00",
                                                 "\\ud83c\\udfb5", "\xC3\xA9", "\xF0\x9F\x8E\xB5", "\xff",
                                                 "\n", "\r\n", Bytes(1, '\0')})}});
  return rc::gen::map(rc::gen::container<std::vector<Bytes>>(piece), [](const std::vector<Bytes>& pieces) {
    Bytes all;
    for (const Bytes& one : pieces) all += one;
    return all;
  });
}

rc::Gen<Bytes> json_space() {
  return rc::gen::weightedElement<Bytes>({{8, ""}, {2, " "}, {1, "\n"}, {1, "\r\n\t"}});
}

rc::Gen<Bytes> json_scalar() {
  return rc::gen::elementOf(std::vector<Bytes>{"0",
                                               "-0",
                                               "12",
                                               "-1.5e+10",
                                               "1e400",
                                               "18446744073709551616",
                                               Bytes(400, '7'),
                                               "0." + Bytes(330, '3'),
                                               "1E-9999",
                                               "true",
                                               "false",
                                               "null",
                                               "\"\"",
                                               "\"a b\"",
                                               "\"\\u0000\"",
                                               "\"\\\\u0000\"",
                                               "\"\\ud83c\\udfb5\"",
                                               "\"\\ud800\"",
                                               "\"\\/\\n\"",
                                               "\"\xC3\xA9\"",
                                               "\"_raw\"",
                                               "\"{\"",
                                               "\"\\\"}\""});
}

rc::Gen<Bytes> json_name() {
  return rc::gen::weightedElement<Bytes>({{8, "\"a\""},
                                          {4, "\"event_id\""},
                                          {2, "\"\""},
                                          {1, "\"_raw\""},
                                          {1, "\"_rawest\""},
                                          {1, "\"\\u005fkafka_offset\""},
                                          {1, "\"\\u005f\""},
                                          {1, "\"_kafka\""},
                                          {1, "\"\\u0000\""}});
}

/// A JSON text with an object outside; `depth` levels may follow.
Bytes json_object(int depth) {
  Bytes text = "{";
  const int members = *rc::gen::inRange(0, 4);
  for (int i = 0; i < members; ++i) {
    if (i > 0) text += ',';
    text += *json_space() + *json_name() + *json_space() + ':' + *json_space();
    if (depth > 0 && *rc::gen::inRange(0, 3) == 0) {
      text += *rc::gen::inRange(0, 2) == 0 ? json_object(depth - 1) : '[' + json_object(depth - 1) + ",1]";
    } else {
      text += *json_scalar();
    }
    text += *json_space();
  }
  return text + '}';
}

/// Some bytes of `text` taken out, doubled, or changed.
Bytes mutated(Bytes text) {
  const int mutations = *rc::gen::inRange(0, 3);
  for (int i = 0; i < mutations && !text.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text.erase(at, 1);
        break;
      case 1:
        text.insert(at, 1, *rc::gen::elementOf(Bytes("{}[],:\"\\0e-. \n")));
        break;
      case 2:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

/// A record with storage of its own.
struct Record {
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  std::vector<std::pair<Bytes, std::optional<Bytes>>> headers;
  log::RecordView view;
};

rc::Gen<std::optional<Bytes>> maybe_bytes() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 5), any_bytes()),
                      [](const std::pair<int, Bytes>& drawn) {
                        return drawn.first == 0 ? std::optional<Bytes>() : drawn.second;
                      });
}

void fill(Record& record) {
  record.key = *maybe_bytes();
  record.value = *rc::gen::inRange(0, 2) == 0 ? *maybe_bytes() : mutated(json_object(3));
  if (record.value && *rc::gen::inRange(0, 4) == 0)
    record.value->insert(0, '\0' + *rc::gen::container<Bytes>(4, rc::gen::arbitrary<char>()));
  record.headers = *rc::gen::container<decltype(record.headers)>(rc::gen::pair(any_bytes(), maybe_bytes()));
  record.view.partition = *rc::gen::nonNegative<std::int32_t>();
  record.view.offset = *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
  record.view.timestamp = UtcMillis(std::chrono::milliseconds(*rc::gen::arbitrary<std::int64_t>()));
  record.view.key = record.key;
  record.view.value = record.value;
  for (const auto& [name, value] : record.headers) record.view.headers.push_back({name, value});
}

Bytes trimmed_to_one_line(Bytes text) {
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\r', ' ');
  return text;
}

/// The four bytes behind the first one, as they stand.
std::uint32_t stored_id(const Bytes& value) {
  std::uint32_t id = 0;
  std::memcpy(&id, value.data() + 1, sizeof id);
  return id;
}

bool has_digits(std::string_view text, std::size_t count) {
  std::size_t run = 0;
  return std::ranges::any_of(text, [&](char c) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    return run >= count;
  });
}

RC_GTEST_PROP(LineProperty, EveryRecordIsOneLineOfJsonAndIsReadBack, ()) {
  Record record;
  fill(record);
  LineEncoder encoder(2000);
  Bytes out;
  const auto code = encoder.append(out, record.view);
  RC_ASSERT(!out.empty());
  RC_ASSERT(out.find('\n') == out.size() - 1);
  const std::string_view text(out.data(), out.size() - 1);
  nlohmann::json json;
  // nlohmann refuses numbers that no double holds, though they are JSON.
  if (!text.contains("1e400") && !has_digits(text, 300))
    RC_ASSERT(!nlohmann::json::parse(text, nullptr, false).is_discarded());

  LineDecoder decoder;
  const auto line = decoder.decode(text);
  RC_ASSERT(line.has_value());
  RC_ASSERT(line->partition == record.view.partition);
  RC_ASSERT(line->offset == record.view.offset);
  RC_ASSERT(line->timestamp == record.view.timestamp);
  RC_ASSERT(line->key == record.view.key);
  RC_ASSERT(line->headers.size() == record.headers.size());
  for (std::size_t i = 0; i < record.headers.size(); ++i) {
    RC_ASSERT(line->headers[i].name == record.headers[i].first);
    RC_ASSERT(line->headers[i].value == record.headers[i].second);
  }
  RC_ASSERT(line->reject == code);
  if (code) {
    RC_ASSERT(line->payload.has_value() == record.value.has_value());
    if (record.value) RC_ASSERT(base::from_base64(*line->payload) == record.value);
  } else {
    RC_ASSERT(line->schema_id.has_value() == record.value->starts_with('\0'));
    if (line->schema_id) {
      RC_ASSERT(*line->schema_id == be32toh(stored_id(*record.value)));
      record.value->erase(0, 5);
    }
    const Bytes expected = trimmed_to_one_line(*record.value);
    const bool is_empty_object = expected.find_first_not_of(" \t", 1) == expected.size() - 1;
    RC_ASSERT(line->payload == (is_empty_object ? "{}" : expected));
  }
}

RC_GTEST_PROP(LineProperty, TheEncoderDecidesAsTheJudgeDoes, ()) {
  const Bytes text = mutated(json_object(3));
  RC_PRE(text.find_first_not_of(" \t\r\n") != Bytes::npos);
  log::RecordView record;
  record.value = text;
  Bytes out;
  const auto code = LineEncoder().append(out, record);
  const auto first = text.find_first_not_of(" \t\r\n");
  const auto exact =
      judge_json(std::string_view(text).substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
  RC_CLASSIFY(!exact);
  RC_ASSERT(code == exact);
}

RC_GTEST_PROP(LineProperty, TheJudgeTakesAllThatSimdjsonTakes, ()) {
  const Bytes text = mutated(json_object(3));
  simdjson::dom::parser parser;
  const bool fast = parser.parse(text).error() == simdjson::SUCCESS;
  const auto exact = judge_json(text);
  const bool is_json = exact != RejectCode::not_json && exact != RejectCode::not_utf8;
  // simdjson stops at numbers that it cannot hold.
  if (fast) RC_ASSERT(is_json);
  if (!nlohmann::json::parse(text, nullptr, false).is_discarded()) RC_ASSERT(is_json);
}

RC_GTEST_PROP(LineProperty, ADamagedLineIsRefusedOrReadWithinItsBounds, ()) {
  Record record;
  fill(record);
  Bytes out;
  LineEncoder(2000).append(out, record.view);
  out.pop_back();
  const Bytes damaged = mutated(out);
  LineDecoder decoder;
  const auto line = decoder.decode(damaged);
  if (!line) {
    RC_ASSERT(line.error().kind == ErrorKind::bad_input);
    return;
  }
  // What is read of our own members can be written again to the same bytes.
  log::RecordView again{line->partition, line->offset, line->timestamp, line->key, "[]", {}};
  for (const LineHeader& header : line->headers) again.headers.push_back({header.name, header.value});
  Bytes rewritten;
  LineEncoder().append(rewritten, again);
  RC_ASSERT(damaged.starts_with(rewritten.substr(0, rewritten.find(",\"_error\""))));
}

RC_GTEST_PROP(LineProperty, AnyBytesAreNoLine, ()) {
  const Bytes bytes = *any_bytes();
  LineDecoder decoder;
  RC_ASSERT(!decoder.decode(bytes));
}

}  // namespace
}  // namespace sdp::lake
