#include "lake/line.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace sdp::lake {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPrefix =
    R"({"_kafka_partition":3,"_kafka_offset":42,"_kafka_timestamp":1771177956123)";

log::RecordView record(std::optional<std::string_view> value) {
  return {.partition = 3,
          .offset = 42,
          .timestamp = UtcMillis(std::chrono::milliseconds(1771177956123)),
          .key = "k",
          .value = value,
          .headers = {}};
}

std::string encode(const log::RecordView& record) {
  std::string out;
  LineEncoder(1'000'000).append(out, record);
  return out;
}

std::optional<RejectCode> code_of(std::optional<std::string_view> value,
                                  std::size_t value_bytes_max = 1'000'000) {
  std::string out;
  return LineEncoder(value_bytes_max).append(out, record(value));
}

/// The line without its '\n' taken apart; the decoder must outlive it.
Line decode(LineDecoder& decoder, std::string_view line) {
  auto decoded = decoder.decode(line.substr(0, line.size() - 1));
  EXPECT_TRUE(decoded) << line << decoded.error().message;
  return decoded ? *decoded : Line();
}

TEST(Line, KeptRecordHasOurMembersFirstThenItsOwn) {
  EXPECT_EQ(encode(record(R"({"event_type":"play","n":1.50})")),
            std::string(kPrefix) + R"(,"_kafka_key":"k","event_type":"play","n":1.50})" + "\n");
}

TEST(Line, AnEmptyObjectLeavesNoCommaBehind) {
  for (const std::string_view value : {"{}", " {  } ", "{\n\t\r }"}) {
    EXPECT_EQ(encode(record(value)), std::string(kPrefix) + R"(,"_kafka_key":"k"})" + "\n");
  }
}

TEST(Line, ARecordWithoutKeySaysNull) {
  auto keyless = record("{}");
  keyless.key = std::nullopt;
  EXPECT_EQ(encode(keyless), std::string(kPrefix) + R"(,"_kafka_key":null})" + "\n");
}

TEST(Line, AKeyOfTextIsEscapedAndOtherKeysAreBase64) {
  auto other = record("{}");
  other.key = "a\"\\\n\x01\xC3\xA9";
  EXPECT_EQ(encode(other), std::string(kPrefix) + ",\"_kafka_key\":\"a\\\"\\\\\\n\\u0001\xC3\xA9\"}\n");
  other.key = "\xff\x00"sv;
  EXPECT_EQ(encode(other), std::string(kPrefix) + R"(,"_kafka_key_base64":"/wA="})" + "\n");
  other.key = "a\0"sv;
  EXPECT_EQ(encode(other), std::string(kPrefix) + R"(,"_kafka_key_base64":"YQA="})" + "\n");
  other.key = std::string_view();
  EXPECT_EQ(encode(other), std::string(kPrefix) + R"(,"_kafka_key":""})" + "\n");
}

TEST(Line, HeadersKeepOrderNullsAndNamesThatAreNoText) {
  auto with_headers = record(R"({"a":1})");
  with_headers.headers = {{"trace", "\x01\x02"}, {"", std::nullopt}, {"trace", ""}, {"\xff", "x"}};
  const std::string line = encode(with_headers);
  EXPECT_EQ(line,
            std::string(kPrefix) + R"(,"_kafka_key":"k",)" +
                R"("_kafka_headers":[["trace","AQI="],["",null],["trace",""],["","eA==","/w=="]],"a":1})" +
                "\n");
  LineDecoder decoder;
  const Line decoded = decode(decoder, line);
  ASSERT_EQ(decoded.headers.size(), 4U);
  EXPECT_EQ(decoded.headers[0].value, "\x01\x02");
  EXPECT_EQ(decoded.headers[1].value, std::nullopt);
  EXPECT_EQ(decoded.headers[2].value, "");
  EXPECT_EQ(decoded.headers[3].name, "\xff");
  EXPECT_EQ(decoded.headers_json, R"([["trace","AQI="],["",null],["trace",""],["","eA==","/w=="]])");
}

TEST(Line, TheIdOfASchemaInFrontOfTheJsonIsAMember) {
  const std::string start = std::string(kPrefix) + R"(,"_kafka_key":"k")";
  EXPECT_EQ(encode(record("\0\0\0\0\x0a {\"a\":1}\n"sv)), start + R"(,"_kafka_schema_id":10,"a":1})" + "\n");
  EXPECT_EQ(encode(record("\0\xff\xff\xff\xff{ }"sv)), start + R"(,"_kafka_schema_id":4294967295})" + "\n");
  auto with_header = record("\0\0\0\0\0{}"sv);
  with_header.headers.push_back({"h", std::nullopt});
  EXPECT_EQ(encode(with_header), start + R"(,"_kafka_headers":[["h",null]],"_kafka_schema_id":0})" + "\n");
}

TEST(Line, WhatIsNoObjectBehindAFrameIsRejectedWithAllItsBytes) {
  EXPECT_EQ(encode(record("\0\0\0\0\x07{\"_raw\":1}"sv)),
            std::string(kPrefix) + R"(,"_kafka_key":"k","_error":"reserved_member","_raw":")" +
                base::base64("\0\0\0\0\x07{\"_raw\":1}"sv) + "\"}\n");
  EXPECT_EQ(code_of("\0\0\0\0\x07{\"a\":}"sv), RejectCode::not_json);
  EXPECT_EQ(code_of("\0\0\0\0\x07[1]"sv), RejectCode::not_json);
  EXPECT_EQ(code_of("\0\0\0\0\x07\x02\x08Jazz"sv), RejectCode::not_json);
  EXPECT_EQ(code_of("\0\0\0\0\x07{}"sv, 6), RejectCode::too_large);
  std::string out;
  EXPECT_EQ(LineEncoder(100, LineEncoder::Framed::rejected).append(out, record("\0\0\0\0\x07{}"sv)),
            RejectCode::not_json);
}

TEST(Line, LineBreaksBetweenTokensBecomeSpacesAndNothingElseChanges) {
  EXPECT_EQ(encode(record("\r\n{\r\n\t\"a\" : [1,\n2],\n\"a\":\"x\\n\",\"u\":\"\\u00e9\"\n}\n")),
            std::string(kPrefix) +
                ",\"_kafka_key\":\"k\",  \t\"a\" : [1, 2], \"a\":\"x\\n\",\"u\":\"\\u00e9\" }\n");
}

TEST(Line, RejectedRecordHasCodeAndRawBytes) {
  EXPECT_EQ(encode(record("hello")),
            std::string(kPrefix) + R"(,"_kafka_key":"k","_error":"not_json","_raw":"aGVsbG8="})" + "\n");
  EXPECT_EQ(encode(record(std::nullopt)),
            std::string(kPrefix) + R"(,"_kafka_key":"k","_error":"tombstone","_raw":null})" + "\n");
  EXPECT_EQ(encode(record(std::string_view())),
            std::string(kPrefix) + R"(,"_kafka_key":"k","_error":"empty_value","_raw":""})" + "\n");
}

TEST(Line, ARejectedRecordLeavesOtherLinesAlone) {
  LineEncoder encoder;
  std::string out;
  encoder.append(out, record(R"({"a":1})"));
  const std::string first = out;
  EXPECT_EQ(encoder.append(out, record(R"({"a":)")), RejectCode::not_json);
  EXPECT_EQ(out, first + std::string(kPrefix) +
                     R"(,"_kafka_key":"k","_error":"not_json","_raw":"eyJhIjo="})" + "\n");
  const std::size_t before = out.size();
  EXPECT_EQ(encoder.append(out, record(R"({"a":1})")), std::nullopt);
  EXPECT_EQ(out.substr(before), first);
}

TEST(Line, ABatchThatCannotBeReadIsOneLine) {
  std::string out;
  EXPECT_EQ(LineEncoder::append(out, {3, 42, 58, log::BatchFault::bad_checksum}),
            RejectCode::batch_bad_checksum);
  EXPECT_EQ(out, R"({"_kafka_partition":3,"_kafka_offset":42,"_kafka_timestamp":-1,"_kafka_key":null,)"
                 R"("_kafka_last_offset":57,"_error":"batch_bad_checksum","_raw":null})"
                 "\n");
  out.pop_back();
  LineDecoder decoder;
  const auto line = decoder.decode(out);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->partition, 3);
  EXPECT_EQ(line->offset, 42);
  EXPECT_EQ(line->end, 58);
  EXPECT_EQ(line->timestamp, log::kTimeOfUnreadable);
  EXPECT_EQ(line->key, std::nullopt);
  EXPECT_EQ(line->payload, std::nullopt);
  EXPECT_EQ(line->reject, RejectCode::batch_bad_checksum);
}

TEST(LineDecoder, RefusesBatchesThatAreNotOfOurForm) {
  LineDecoder decoder;
  const auto refuses = [&](const std::string& behind_offset) {
    const std::string line = R"({"_kafka_partition":3,"_kafka_offset":42,)" + behind_offset;
    EXPECT_FALSE(decoder.decode(line)) << line;
  };
  // Without an end, with one that lies before, with bytes, with a time, a key; an end of a record.
  refuses(R"("_kafka_timestamp":-1,"_kafka_key":null,"_error":"batch_malformed","_raw":null})");
  refuses(
      R"("_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":41,"_error":"batch_malformed","_raw":null})");
  refuses(
      R"("_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":9223372036854775807,"_error":"batch_malformed","_raw":null})");
  refuses(
      R"("_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":50,"_error":"batch_malformed","_raw":"eA=="})");
  refuses(
      R"("_kafka_timestamp":5,"_kafka_key":null,"_kafka_last_offset":50,"_error":"batch_malformed","_raw":null})");
  refuses(
      R"("_kafka_timestamp":-1,"_kafka_key":"k","_kafka_last_offset":50,"_error":"batch_malformed","_raw":null})");
  refuses(
      R"("_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":50,"_error":"not_json","_raw":"eA=="})");
  refuses(R"("_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":50,"n":1})");
}

TEST(Line, CodesAreThoseOfTheirPage) {
  constexpr std::string_view kNames[] = {"tombstone",          "empty_value",         "not_utf8",
                                         "not_json",           "not_object",          "too_deep",
                                         "too_large",          "reserved_member",     "nul_character",
                                         "line_too_large",     "batch_too_large",     "batch_undecodable",
                                         "batch_bad_checksum", "batch_unknown_codec", "batch_malformed"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    EXPECT_EQ(name(static_cast<RejectCode>(i)), kNames[i]);
    EXPECT_EQ(parse_reject_code(kNames[i]), static_cast<RejectCode>(i));
  }
  EXPECT_FALSE(parse_reject_code("other"));
}

TEST(LineEncoder, KeepsEveryValidObject) {
  for (const std::string& value :
       {std::string("{}"), std::string(" {\"a\":1}\n"), std::string(R"({"a":{"_kafka_offset":1,"_raw":2}})"),
        std::string(R"({"_errors":1,"_rawest":2,"kafka_":3,"_kafk":4})"),
        std::string(R"({"a":"_kafka_x","b":"_raw"})"), std::string(R"({"a":"\\u0000","b":"\\\\u0000"})"),
        std::string(R"({"a":"\ud83c\udfb5 \u00e9 \uD7FF \uE000"})"),
        std::string("{\"a\":\"\xF0\x9F\x8E\xB5\"}"), std::string(R"({"a":1,"a":2})"),
        std::string(R"({"":""})"),
        std::string(R"({"a":123456789012345678901234567890,"b":1e400,"c":-1E+99999,"d":1e-99999,"e":0.1e1})"),
        "{\"a\":" + std::string(5000, '9') + ",\"b\":-" + std::string(400, '1') + "." +
            std::string(400, '2') + "e-" + std::string(400, '3') + "}"}) {
    EXPECT_EQ(code_of(value), std::nullopt) << value;
  }
}

TEST(LineEncoder, NamesWhyItRejects) {
  const std::vector<std::pair<RejectCode, std::vector<std::string_view>>> expected = {
      {RejectCode::empty_value, {"", " ", "\r\n\t "}},
      {RejectCode::not_utf8,
       {"\xff", "{\"a\":\"\xC0\xAF\"}", "{\"a\":\"\xED\xA0\x80\"}", "{\"\xF5\":1}", "{\"a\":\"\xE2\x82\"}"}},
      {RejectCode::not_json,
       {"hello",
        "{",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":1},",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1}\0"sv,
        "\0"sv,
        "{\0}"sv,
        "{\"a\":\"\0\"}"sv,
        "\xEF\xBB\xBF{}",
        "{\"a\":1}//",
        "/**/{}",
        "{,}",
        "{\"a\"}",
        "[1,]",
        "nul",
        "{\"a\":[1}",
        "\x0b{}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"\\udfff\":1}",
        "\"\\ud800\"",
        "{\"a\":1e400,}",
        "{\"a\":0123456789012345678901234567890}",
        "{\"a\":1e400e5}",
        "{\"a\":1e+}"}},
      {RejectCode::not_object, {"[]", "[{}]", "1", "\"a\"", "null", " true ", "1e400", "[\"\\u0000\"]"}},
      {RejectCode::reserved_member,
       {R"({"_error":1})", R"({"a":1,"_raw":2})", R"({"_kafka_":1})", R"({"_kafka_offset":1})",
        R"({"\u005fkafka_x":1})", R"({"\u005Fraw":1})", R"({"_\u006bafka_x":1})", R"({"_\u0072\u0061w":1})",
        R"({"a":{"b":1},"_error":null})", R"({"_kafka_x":1,"a":1e400})", "{ \"_raw\" : 1}"}},
      {RejectCode::nul_character,
       {R"({"a":"\u0000"})", R"({"\u0000":1})", R"({"a":["x\u0000y"]})", R"({"a":"\\\u0000"})",
        R"({"a":{"b\u0000":1}})", R"({"a":"\u0000","b":1e400})"}},
  };
  for (const auto& [code, values] : expected) {
    for (const std::string_view value : values) EXPECT_EQ(code_of(value), code) << value;
  }
  EXPECT_EQ(code_of(std::nullopt), RejectCode::tombstone);
}

TEST(LineEncoder, CountsDepthWithTheObjectItself) {
  const auto nested = [](std::string_view open, std::string_view inner, std::string_view close, int depth) {
    std::string value = "{\"a\":";
    for (int i = 1; i < depth; ++i) value += open;
    value += inner;
    for (int i = 1; i < depth; ++i) value += close;
    return value + "}";
  };
  for (const std::string_view inner : {"", "1"}) {
    EXPECT_EQ(code_of(nested("[", inner, "]", kJsonDepthMax)), std::nullopt);
    EXPECT_EQ(code_of(nested("[", inner, "]", kJsonDepthMax + 1)), RejectCode::too_deep);
  }
  EXPECT_EQ(code_of(nested("{\"a\":", "1", "}", kJsonDepthMax)), std::nullopt);
  EXPECT_EQ(code_of(nested("{\"a\":", "1", "}", kJsonDepthMax + 1)), RejectCode::too_deep);
}

TEST(LineEncoder, MillionsOfBracketsCostNoStack) {
  const std::string brackets(4'000'000, '[');
  EXPECT_EQ(code_of(brackets, 8'000'000), RejectCode::too_deep);
  EXPECT_EQ(code_of("{\"a\":" + brackets, 8'000'000), RejectCode::too_deep);
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(code_of(objects, 8'000'000), RejectCode::too_deep);
}

TEST(LineEncoder, AValueAboveTheLimitIsRejectedWithAllItsBytes) {
  const std::string value = R"({"a":")" + std::string(100, 'x') + R"("})";
  EXPECT_EQ(code_of(value, value.size()), std::nullopt);
  EXPECT_EQ(code_of(value, value.size() - 1), RejectCode::too_large);
  std::string out;
  LineEncoder(10).append(out, record(value));
  LineDecoder decoder;
  EXPECT_EQ(decode(decoder, out).payload, base::base64(value));
}

TEST(LineEncoder, ALargeRecordDoesNotChangeWhatComesAfterIt) {
  LineEncoder encoder;
  std::string out;
  const std::string large = R"({"a":")" + std::string(3'000'000, 'x') + R"("})";
  EXPECT_EQ(encoder.append(out, record(large)), std::nullopt);
  const std::string deep =
      "{\"a\":" + std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']') + "}";
  EXPECT_EQ(encoder.append(out, record(deep)), RejectCode::too_deep);
  EXPECT_EQ(encoder.append(out, record("{\"a\":1}")), std::nullopt);
}

TEST(LineDecoder, GivesBackWhatTheRecordWas) {
  LineDecoder decoder;
  const std::string kept = encode(record(R"({"a":"}"})"));
  const Line line = decode(decoder, kept);
  EXPECT_EQ(line.partition, 3);
  EXPECT_EQ(line.offset, 42);
  EXPECT_EQ(line.timestamp.time_since_epoch().count(), 1771177956123);
  EXPECT_EQ(line.key, "k");
  EXPECT_EQ(line.key_base64, "");
  EXPECT_FALSE(line.reject);
  EXPECT_EQ(line.payload, R"({"a":"}"})");
  const std::string rejected = encode(record("[]"));
  const Line other = decode(decoder, rejected);
  EXPECT_EQ(other.reject, RejectCode::not_object);
  EXPECT_EQ(other.payload, "W10=");
  const std::string framed = encode(record("\0\0\0\x01\0{\"a\":1}"sv));
  const Line with_schema = decode(decoder, framed);
  EXPECT_EQ(with_schema.schema_id, 256U);
  EXPECT_EQ(with_schema.payload, R"({"a":1})");
  const std::string tombstone = encode(record(std::nullopt));
  EXPECT_EQ(decode(decoder, tombstone).payload, std::nullopt);
}

TEST(LineDecoder, GivesAKeyThatIsNoTextAsBytesAndAsItStands) {
  auto other = record("{}");
  other.key = "\xff\n";
  LineDecoder decoder;
  const std::string text = encode(other);
  const Line line = decode(decoder, text);
  EXPECT_EQ(line.key, "\xff\n");
  EXPECT_EQ(line.key_base64, "/wo=");
}

TEST(LineDecoder, RefusesLinesThatAreNotOfOurForm) {
  const std::string prefix = std::string(kPrefix) + R"(,"_kafka_key":"k")";
  const auto keyed = [](std::string_view rest) { return std::string(kPrefix) + std::string(rest); };
  for (
      const std::string& text :
      {std::string(),
       std::string("{}"),
       std::string("null"),
       std::string(kPrefix),
       prefix,
       prefix + "}}x",
       prefix + ",",
       prefix + ",}",
       prefix + ", }",
       prefix + ",1}",
       prefix + R"(,"a":1)",
       prefix + R"( ,"a":1})",
       prefix + "} ",
       " " + prefix + "}",
       prefix + ",\"a\":\n1}",
       prefix + ",\"a\":\r1}",
       prefix + ",\"a\":\"\xff\"}",
       keyed("}"),
       keyed(R"(,"_kafka_key":1})"),
       keyed(R"(,"_kafka_key":"\u0000"})"),
       keyed(R"(,"_kafka_key":"\u000a"})"),
       keyed(R"(,"_kafka_key":"\u001F"})"),
       keyed(R"(,"_kafka_key":"\u0041"})"),
       keyed(R"(,"_kafka_key":"\/"})"),
       keyed(R"(,"_kafka_key":"\)"),
       keyed("(,\"_kafka_key\":\"\x01\"}"),
       keyed(R"(,"_kafka_key":"\u0)"),
       keyed(R"(,"_kafka_key_base64":"a2"})"),
       keyed(R"(,"_kafka_key_base64":"aw=="})"),
       keyed(R"(,"_kafka_key_base64":"/x=="})"),
       prefix + R"(,"_kafka_headers":[]})",
       prefix + R"(,"_kafka_headers":[["a"]]})",
       prefix + R"(,"_kafka_headers":[["a","!"]]})",
       prefix + R"(,"_kafka_headers":[["a","","/w=="]]})",
       prefix + R"(,"_kafka_headers":[["","","YQ=="]]})",
       prefix + R"(,"_kafka_headers":[["a",null])",
       prefix + R"(,"_kafka_schema_id":-1})",
       prefix + R"(,"_kafka_schema_id":07})",
       prefix + R"(,"_kafka_schema_id":4294967296})",
       prefix + R"(,"_kafka_schema_id":"7"})",
       prefix + R"(,"_kafka_schema_id":7,"_error":"not_json","_raw":"eA=="})",
       prefix + R"(,"_error":"other","_raw":""})",
       prefix + R"(,"_error":"not_json"})",
       prefix + R"(,"_error":"not_json","_raw":null})",
       prefix + R"(,"_error":"tombstone","_raw":""})",
       prefix + R"(,"_error":"not_json","_raw":"x"})",
       prefix + R"(,"_error":"not_json","_raw":"eA==","a":1})",
       prefix + R"(,"_error":"not_json","_raw":"eA=="}})",
       std::string(R"({"_kafka_partition":-1,"_kafka_offset":42,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(R"({"_kafka_partition":3,"_kafka_offset":-42,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(R"({"_kafka_partition":3,"_kafka_offset":042,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(R"({"_kafka_partition":3,"_kafka_offset":42,"_kafka_timestamp":-0,"_kafka_key":null})"),
       std::string(R"({"_kafka_partition":3,"_kafka_offset":42.0,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(
           R"({"_kafka_partition":99999999999,"_kafka_offset":42,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(
           R"({"_kafka_partition":3,"_kafka_offset":9223372036854775807,"_kafka_timestamp":0,"_kafka_key":null})"),
       std::string(R"({"_kafka_offset":42,"_kafka_partition":3,"_kafka_timestamp":0,"_kafka_key":null})")}) {
    LineDecoder decoder;
    const auto line = decoder.decode(text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().kind, ErrorKind::bad_input);
  }
}

TEST(LineDecoder, EveryCutOfALineIsRefused) {
  auto full = record(R"({"a":{"b":1}})");
  full.headers = {{"h", "v"}};
  for (const std::string& line : {encode(full), encode(record("text")), encode(record(std::nullopt)),
                                  encode(record("\0\0\0\0\x07{\"a\":1}"sv))}) {
    LineDecoder decoder;
    ASSERT_TRUE(decoder.decode(std::string_view(line).substr(0, line.size() - 1)));
    for (std::size_t size = 0; size + 1 < line.size(); ++size) {
      const std::string cut = line.substr(0, size);
      // A cut behind an inner brace looks whole to a reader that does not parse the payload: the hash tells.
      const bool ends_in_payload = cut.ends_with("\"b\":1}");
      EXPECT_EQ(decoder.decode(cut).has_value(), ends_in_payload) << cut;
    }
  }
}

}  // namespace
}  // namespace sdp::lake
