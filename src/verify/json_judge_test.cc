#include "verify/json_judge.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <string>

namespace sdp::verify {
namespace {

using lake::RejectCode;

constexpr std::size_t kMax = 1000;

std::optional<RejectCode> of(std::string_view value) {
  return judge(value, kMax);
}

TEST(Judge, KeepsObjects) {
  for (const std::string_view value :
       {"{}", " {\"a\" : [1, -0.5e+3, true, null, \"\\u00e9\\n\"]} ",
        "{\"a\":{\"_kafka_offset\":1},\"b\":\"_raw\"}", "{\"a\":\"\\ud83c\\udfb5\"}",
        "{\"kafka\":1,\"_errors\":2,\"é\":\"\xF0\x9F\x8E\xB5\"}"}) {
    EXPECT_EQ(of(value), std::nullopt) << value;
  }
}

TEST(Judge, NamesWhyItRejects) {
  EXPECT_EQ(judge(std::nullopt, kMax), RejectCode::tombstone);
  EXPECT_EQ(of(""), RejectCode::empty_value);
  EXPECT_EQ(of(" \r\n\t"), RejectCode::empty_value);
  EXPECT_EQ(of("{\"a\":\"\xC0\xAF\"}"), RejectCode::not_utf8);
  EXPECT_EQ(of("{\"a\":\"\xED\xA0\x80\"}"), RejectCode::not_utf8);
  EXPECT_EQ(of("[1]"), RejectCode::not_object);
  EXPECT_EQ(of("\"text\""), RejectCode::not_object);
  EXPECT_EQ(of(std::string(kMax + 1, ' ') + "{}"), RejectCode::too_large);
  EXPECT_EQ(of("{\"_kafka_any\":1}"), RejectCode::reserved_member);
  EXPECT_EQ(of("{\"\\u005fraw\":1}"), RejectCode::reserved_member);
  EXPECT_EQ(of("{\"a\":[{\"b\":\"x\\u0000\"}]}"), RejectCode::nul_character);
}

TEST(Judge, JudgesWhatIsBehindTheIdOfASchema) {
  using namespace std::string_view_literals;
  EXPECT_EQ(of("\0\0\0\0\x0a{\"a\":1}"sv), std::nullopt);
  EXPECT_EQ(of("\0\xff\xff\xff\xff \n{} "sv), std::nullopt);
  EXPECT_EQ(of("\0\0\0\0\x0a{\"_raw\":1}"sv), RejectCode::reserved_member);
  EXPECT_EQ(of("\0\0\0\0\x0a{"sv), RejectCode::not_json);
  EXPECT_EQ(of("\0\0\0\0\x0a[1]"sv), RejectCode::not_json);
  EXPECT_EQ(of("\0\0\0\0{\"a\":1}"sv), RejectCode::not_json);
  EXPECT_TRUE(is_true_reason(RejectCode::reserved_member, "\0\0\0\0\x0a{\"_raw\":1}"sv, kMax));
  // As a version did that did not look behind it.
  EXPECT_TRUE(is_true_reason(RejectCode::not_json, "\0\0\0\0\x0a{\"a\":1}"sv, kMax));
  EXPECT_FALSE(is_true_reason(RejectCode::too_deep, "\0\0\0\0\x0a{\"a\":1}"sv, kMax));
}

TEST(Judge, CallsBrokenTextNotJson) {
  for (const std::string_view value :
       {"{", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":\"\n\"}", "{}{}",
        "{\"a\":tru}", "{\"a\":[1 2]}", "{\"a\":\"\\x\"}", "{,}", "{\"a\":-}", "hello", "{\"a\":\"\\ud83c\"}",
        "{\"a\":\"\\udfb5\\ud83c\"}"}) {
    EXPECT_EQ(of(value), RejectCode::not_json) << value;
  }
}

TEST(Judge, CountsDepthWithTheObjectItself) {
  const auto nested = [](int depth) {
    std::string value = "{\"a\":" + std::string(depth - 1, '[');
    return value + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(of(nested(lake::kJsonDepthMax)), std::nullopt);
  EXPECT_EQ(of(nested(lake::kJsonDepthMax + 1)), RejectCode::too_deep);
}

TEST(Judge, AcceptsAnyTrueReasonAndNoOther) {
  EXPECT_TRUE(is_true_reason(RejectCode::not_json, "{", kMax));
  EXPECT_FALSE(is_true_reason(RejectCode::not_json, "{}", kMax));
  EXPECT_FALSE(is_true_reason(RejectCode::tombstone, "", kMax));
  EXPECT_FALSE(is_true_reason(RejectCode::empty_value, std::nullopt, kMax));
  EXPECT_FALSE(is_true_reason(RejectCode::too_large, "{}", kMax));
  EXPECT_TRUE(is_true_reason(RejectCode::reserved_member, "{\"_raw\":\"\\u0000\"}", kMax));
  EXPECT_TRUE(is_true_reason(RejectCode::nul_character, "{\"_raw\":\"\\u0000\"}", kMax));
}

// An object with one thing broken now and then, judged as another parser does.
TEST(Judge, AgreesWithAnotherParser) {
  EXPECT_TRUE(rc::check([] {
    std::string value = R"({"a":[1,2.5e3,{"b":null}],"c":"x\u00e9\\","d":true,"e":{}})";
    const auto at = *rc::gen::inRange<std::size_t>(0, value.size());
    const auto kind = *rc::gen::inRange(0, 3);
    const char byte = *rc::gen::element('"', '{', '}', ',', ':', '1', ' ', '\\', '[', '.');
    if (kind == 0) value.erase(at, 1);
    if (kind == 1) value.insert(at, 1, byte);
    if (kind == 2) value[at] = byte;
    const bool valid = nlohmann::json::accept(value);
    RC_ASSERT(valid == (judge(value, kMax) != RejectCode::not_json));
  }));
}

}  // namespace
}  // namespace sdp::verify
