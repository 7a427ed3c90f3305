#include "store/object_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace sdp::store {
namespace {

bool key_is_fit(std::string_view key) {
  return check_key(key).has_value();
}

TEST(ObjectRules, TakeAnyUtf8PathAsAKey) {
  for (const std::string_view key : {"a", "bronze/date=2026-02-15/hour=17/x_t1a_p0.json.zst",
                                     "a b+c%20/ü/日本/🎵", "..a/b..", ".hidden"}) {
    EXPECT_TRUE(key_is_fit(key)) << key;
  }
}

TEST(ObjectRules, RefuseWhatADirectoryCouldNotHold) {
  for (const std::string_view key : {"", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", "./a", "a/."}) {
    EXPECT_FALSE(key_is_fit(key)) << key;
  }
}

TEST(ObjectRules, RefuseControlCharactersAndBadUtf8) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view key : {"a\nb"sv, "a\0b"sv, "a\x7f"sv, "\xff"sv, "\xc0\xaf"sv, "\xed\xa0\x80"sv,
                                     "\xe2\x82"sv, "\xf5\x80\x80\x80"sv, "\xe0\x80\xaf"sv}) {
    EXPECT_FALSE(key_is_fit(key));
  }
}

TEST(ObjectRules, HoldKeysTo1024Bytes) {
  EXPECT_TRUE(key_is_fit(std::string(1024, 'a')));
  EXPECT_FALSE(key_is_fit(std::string(1025, 'a')));
}

TEST(ObjectRules, ShowUnfitKeysWithoutControlCharacters) {
  EXPECT_EQ(check_key("a\nb").error().message,
            "object key \"a\\x0ab\" is not UTF-8, or has control characters");
}

TEST(ObjectRules, PrefixesMayEndAnywhereButInDots) {
  EXPECT_TRUE(check_prefix(""));
  EXPECT_TRUE(check_prefix("bronze/date=2026"));
  EXPECT_TRUE(check_prefix("bronze/."));
  EXPECT_FALSE(check_prefix("../"));
  EXPECT_FALSE(check_prefix("a/../b"));
  EXPECT_FALSE(check_folder_prefix("bronze"));
  EXPECT_TRUE(check_folder_prefix("bronze/"));
}

TEST(ObjectRules, MetadataMustSurviveHttpHeaders) {
  EXPECT_TRUE(check_metadata({{"first-offset", "42"}, {"note", "a b"}, {"empty", ""}}));
  EXPECT_FALSE(check_metadata({{"First", "42"}}));
  EXPECT_FALSE(check_metadata({{"", "42"}}));
  EXPECT_FALSE(check_metadata({{"a", "x\r\ny: z"}}));
  EXPECT_FALSE(check_metadata({{"a", " x"}}));
  EXPECT_FALSE(check_metadata({{"a", "x  y"}}));
  EXPECT_FALSE(check_metadata({{"a", "ü"}}));
}

TEST(ObjectRules, RefuseMetadataNamesThatSomeClientsSignInAnotherOrder) {
  EXPECT_FALSE(check_metadata({{"topic", "t"}, {"topic-id", "1"}}));
  EXPECT_FALSE(check_metadata({{"topic", "t"}, {"topic1", "1"}, {"topicality", "2"}}));
  EXPECT_TRUE(check_metadata({{"topic-name", "t"}, {"topic-id", "1"}, {"topics", "2"}}));
}

TEST(ObjectRules, HoldMetadataTo2KiB) {
  EXPECT_TRUE(check_metadata({{"a", std::string(2036, 'x')}}));
  EXPECT_FALSE(check_metadata({{"a", std::string(2037, 'x')}}));
}

}  // namespace
}  // namespace sdp::store
