#include "history/row_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sdp::history {
namespace {

/// The values of one member in all rows; `-` where a row is not an object, `!` and the error at the end.
std::string all(std::string text, Member member, std::size_t step = 4'096) {
  auto reader = read_rows(std::make_unique<TextBytes>(std::move(text), step));
  if (!reader) return "!" + reader.error().message;
  std::string out;
  while (true) {
    const auto row = (*reader)->next();
    if (!row) return out + "!" + row.error().message;
    if (!*row) return out;
    out += (*row)->is_object ? std::string((*row)->text(member).value_or("?")) : "-";
    out += ' ';
  }
}

TEST(ReadJson, ArraysLinesAndPagesGiveRows) {
  EXPECT_EQ(all(R"([{"ts":"a"},{"ts":"b"}])", Member::ts), "a b ");
  EXPECT_EQ(all("{\"ts\":\"a\"}\n{\"ts\":\"b\"}\n", Member::ts), "a b ");
  EXPECT_EQ(all(R"([[{"ts":"a"}],[{"ts":"b"},{"ts":"c"}]])", Member::ts), "a b c ");
  EXPECT_EQ(all("[]", Member::ts), "");
  EXPECT_EQ(all(R"([5,"x",null,{"ts":"a"}])", Member::ts), "- - - a ");
  EXPECT_EQ(all(R"({"recenttracks":{"track":[{"name":"a"},{"name":"b"}],"@attr":{"user":"u"}}})",
                Member::scrobble_track),
            "a b ");
  EXPECT_EQ(all(R"({"recenttracks":{"track":[{"name":"a"},{"name":"b"}],"@attr":{"user":"u"}}})",
                Member::scrobble_user),
            "u u ");
  EXPECT_EQ(all(R"({"recenttracks":{"track":{"name":"a"}}})", Member::scrobble_track), "a ");
  EXPECT_EQ(all(R"([{"track":[{"name":"a"}]},{"track":[{"name":"b"}]}])", Member::scrobble_track), "a b ");
  EXPECT_EQ(all(R"({"payload":{"count":1,"listens":[{"track_metadata":{"track_name":"a"}}]}})",
                Member::listen_track),
            "a ");
}

TEST(ReadJson, MembersOfOtherObjectsAreNotTaken) {
  EXPECT_EQ(all(R"([{"x":{"ts":"n"},"y":[{"ts":"n"}],"ts":"a","ts":"second"}])", Member::ts), "a ");
  EXPECT_EQ(all(R"([{"artist":[{"name":"n"}],"artist":{"name":"a"}}])", Member::scrobble_artist_name), "a ");
}

TEST(ReadJson, AnyCutOfTheBytesGivesTheSame) {
  const std::string text = R"([{"ts":"aé\n","x":[1,{"y":null}]} , {"ts":"b"}])";
  for (std::size_t step = 1; step < 8; ++step) EXPECT_EQ(all(text, Member::ts, step), "aé\n b ") << step;
}

TEST(ReadJson, WhatIsCutOffOrBrokenIsNamed) {
  const std::string whole = R"([{"ts":"a"},{"ts":"b"}])";
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_NE(all(whole.substr(0, size), Member::ts).find("cut off"), std::string::npos) << size;
  EXPECT_NE(all(R"([{"ts":"a"} {"ts":"b"}])", Member::ts).find("a !a comma is missing"), std::string::npos);
  EXPECT_NE(all(R"([{"ts":"a"},])", Member::ts).find("a !a comma without a row"), std::string::npos);
  EXPECT_NE(all(R"([{"ts":"a"},{ts:1}])", Member::ts).find("a !it is not JSON"), std::string::npos);
  EXPECT_EQ(all(" \n ", Member::ts), "!the file is empty");
}

TEST(ReadJson, ALongRowIsRefusedWithoutBeingHeld) {
  const std::string text = R"([{"ts":"a"},{"ts":")" + std::string(kRowBytesMax, 'x') + "\"}]";
  EXPECT_NE(all(text, Member::ts).find("a !it is longer than"), std::string::npos);
  const std::string deep = "[" + std::string(R"({"x":)") + std::string(100, '[');
  EXPECT_NE(all(deep, Member::ts).find("nests deeper"), std::string::npos);
}

TEST(ReadRows, Utf16AndMarksAreDecoded) {
  const std::u16string text = u"[{\"ts\":\"\u00e9\U0001F3B5\"}]";
  std::string little;
  std::string big;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    little += {low, high};
    big += {high, low};
  }
  const std::string expected = "\u00e9\U0001F3B5 ";
  EXPECT_EQ(all("\xFF\xFE" + little, Member::ts), expected);
  EXPECT_EQ(all("\xFE\xFF" + big, Member::ts, 1), expected);
  EXPECT_EQ(all(little, Member::ts, 3), expected);
  EXPECT_EQ(all("\xEF\xBB\xBF[{\"ts\":\"a\"}]", Member::ts, 1), "a ");
  const std::string half("[\0{\0\"\0\x3D\xD8\"\0", 10);
  EXPECT_NE(all(half, Member::ts).find("half a surrogate pair"), std::string::npos);
  EXPECT_NE(all("\xFF\xFE" + little.substr(0, little.size() - 1), Member::ts).find("cut off"),
            std::string::npos);
}

TEST(ReadCsv, ColumnsByNameOrByPlace) {
  EXPECT_EQ(all("Drake,Scorpion,God's Plan,04 May 2023 12:34\n\"A, B\",,\"say \"\"x\"\"\",d\r\n",
                Member::scrobble_track),
            "God's Plan say \"x\" ");
  EXPECT_EQ(all("uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n1,t,A,,B,,T,\n",
                Member::scrobble_uts),
            "1 ");
  EXPECT_EQ(all("uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n1,t,A,,B,,T,\n",
                Member::scrobble_track),
            "T ");
  EXPECT_EQ(all("a,b,\"c\nd\",e", Member::scrobble_track), "c\nd ");
  EXPECT_NE(all("a,b,\"c", Member::scrobble_track).find("cut off"), std::string::npos);
  EXPECT_NE(all(std::string(kRowBytesMax + 1, 'x'), Member::scrobble_track).find("longer than"),
            std::string::npos);
  EXPECT_NE(all(std::string(70, ','), Member::scrobble_track).find("more than 64 cells"), std::string::npos);
}

}  // namespace
}  // namespace sdp::history
