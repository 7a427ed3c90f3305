#include "settings/value.h"

#include <gtest/gtest.h>

namespace sdp::settings {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Setting kCount{.name = "a.count", .flag = "--count", .variable = "A", .range = Range{1, 64}};
constexpr Setting kMillis{.name = "a.wait-ms", .flag = "--wait", .variable = "B", .range = Range{1, 10'000}};
constexpr Setting kSeconds{.name = "a.wait-s", .flag = "--wait", .variable = "C", .range = Range{0, 100}};
constexpr Setting kChoice{.name = "a.kind", .flag = "--kind", .variable = "D", .choices = "none|gzip|zstd"};
constexpr Setting kText{.name = "a.text", .flag = "--text", .variable = "E"};
constexpr Setting kTopic{.name = "a.topic", .flag = "--topic", .variable = "G", .names_topic = true};
constexpr Setting kSecret{
    .name = "a.secret", .flag = "", .variable = "F", .range = Range{1, 2}, .secret = true};

template <typename T>
std::string why(const Setting& setting, std::string_view text) {
  T value{};
  const auto done = read(setting, text, value);
  return done ? "" : done.error().message;
}

TEST(SettingValue, WholeNumbersAreReadWithinTheirRange) {
  int value = 0;
  ASSERT_TRUE(read(kCount, "64", value));
  EXPECT_EQ(value, 64);
  for (const char* text : {"0", "65", "-1", "1.5", "6x", "", " 6", "many"})
    EXPECT_EQ(why<int>(kCount, text), std::string("'") + text + "' is not a whole number from 1 to 64");
  EXPECT_NE(why<std::int16_t>(kText, "40000"), "");
  EXPECT_NE(why<std::uint32_t>(kText, "4294967296"), "");
  EXPECT_NE(why<std::uint64_t>(kText, "-1"), "");
}

TEST(SettingValue, TimesAreInTheUnitOfTheName) {
  milliseconds millis{};
  ASSERT_TRUE(read(kMillis, "1500", millis));
  EXPECT_EQ(millis, milliseconds(1'500));
  ASSERT_TRUE(read(kSeconds, "1.5", millis));
  EXPECT_EQ(millis, milliseconds(1'500));
  EXPECT_EQ(show(kSeconds, millis), "1.5");
  EXPECT_EQ(show(kMillis, millis), "1500");
  seconds whole{};
  ASSERT_TRUE(read(kSeconds, "30", whole));
  EXPECT_EQ(whole, seconds(30));
  EXPECT_EQ(why<milliseconds>(kMillis, "soon"), "'soon' is not a number from 1 to 10000");
  EXPECT_EQ(why<milliseconds>(kSeconds, "nan"), "'nan' is not a number from 0 to 100");
}

TEST(SettingValue, ChoicesAreReadWhateverTheirCase) {
  std::string value;
  ASSERT_TRUE(read(kChoice, "ZSTD", value));
  EXPECT_EQ(value, "zstd");
  EXPECT_EQ(why<std::string>(kChoice, "brotli"), "'brotli' is not none, gzip or zstd");
}

TEST(SettingValue, ATopicHasANameThatKafkaTakes) {
  std::string value;
  ASSERT_TRUE(read(kTopic, "Plays.of_2026-11", value));
  EXPECT_EQ(value, "Plays.of_2026-11");
  EXPECT_TRUE(read(kTopic, std::string(249, 'a'), value));
  for (const std::string& text : {std::string(), std::string("a/b"), std::string("a b"), std::string("."),
                                  std::string(".."), std::string("größen"), std::string(250, 'a')})
    EXPECT_EQ(why<std::string>(kTopic, text).find("'" + text + "' is not the name of a topic"), 0u) << text;
}

TEST(SettingValue, TruthIsOneOfAFewWords) {
  bool value = false;
  ASSERT_TRUE(read(kText, "yes", value));
  EXPECT_TRUE(value);
  ASSERT_TRUE(read(kText, "0", value));
  EXPECT_FALSE(value);
  EXPECT_NE(why<bool>(kText, "maybe"), "");
}

TEST(SettingValue, MapsAreAddedTo) {
  std::map<std::string, std::string> value;
  ASSERT_TRUE(read(kText, "a=1;b=x=y", value));
  ASSERT_TRUE(read(kText, "a=2", value));
  EXPECT_EQ(show(kText, value), "a=2;b=x=y");
  EXPECT_NE((why<std::map<std::string, std::string>>(kText, "a")), "");
  EXPECT_NE((why<std::map<std::string, std::string>>(kText, "=a")), "");
}

TEST(SettingValue, SecretsAreNeverShown) {
  base::Secret secret;
  EXPECT_EQ(show(kSecret, secret), "");
  ASSERT_TRUE(read(kSecret, "hunter2", secret));
  EXPECT_EQ(show(kSecret, secret), "***");
  EXPECT_EQ(why<int>(kSecret, "hunter2"), "the value is not a whole number from 1 to 2");
}

TEST(SettingValue, LargeNumbersAreShownWithoutExponent) {
  EXPECT_EQ(show_number(9e15), "9000000000000000");
  EXPECT_EQ(show_number(0.5), "0.5");
  EXPECT_EQ(show_number(18'446'744'073'709'551'615.0), "18446744073709551615");
  EXPECT_EQ(show(kText, std::uint64_t{18'446'744'073'709'551'615U}), "18446744073709551615");
}

}  // namespace
}  // namespace sdp::settings
