#include "history/row_reader.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sdp::history {
namespace {

/// What stands for a row that cannot be read.
std::string_view word(Row::Form form) {
  switch (form) {
    case Row::Form::object:
      break;
    case Row::Form::no_object:
      return "-";
    case Row::Form::no_json:
      return "(no JSON)";
    case Row::Form::too_long:
      return "(long)";
    case Row::Form::too_deep:
      return "(deep)";
    case Row::Form::too_many_cells:
      return "(wide)";
  }
  return "";
}

/// The values of one member in all rows, or a word for their form; `!` and the error at the end.
std::string all(std::string text, Member member, std::size_t step = 4'096) {
  auto reader = read_rows(std::make_unique<TextBytes>(std::move(text), step));
  if (!reader) return "!" + reader.error().message;
  std::string out;
  while (true) {
    const auto row = (*reader)->next();
    if (!row) return out + "!" + row.error().message;
    if (!*row) return out;
    const bool is_object = (*row)->form == Row::Form::object;
    out += is_object ? (*row)->text(member).value_or("?") : word((*row)->form);
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

TEST(ReadJson, ARowThatIsTooLongOrTooDeepIsRefusedAlone) {
  const std::string huge = R"({"x":")" + std::string(kRowBytesMax, 'x') + "\"}";
  EXPECT_EQ(all(R"([{"ts":"a"},)" + huge + R"(,{"ts":"b"}])", Member::ts), "a (long) b ");
  EXPECT_EQ(all("{\"ts\":\"a\"}\n" + huge + "\n{\"ts\":\"b\"}\n", Member::ts), "a (long) b ");
  EXPECT_EQ(all("[{\"ts\":\"a\"}," + huge, Member::ts),
            "a (long) !the file ends within its array; it is cut off");
  EXPECT_EQ(all("[{\"ts\":\"a\"}," + huge.substr(0, huge.size() - 1), Member::ts),
            "a !the file ends within it; it is cut off");
  const auto nested = [](std::size_t depth) {
    return R"({"ts":"n","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  const std::size_t most = kDepthMax - 1;
  EXPECT_EQ(all("[" + nested(most) + "," + nested(most + 1) + R"(,{"ts":"b"}])", Member::ts), "n (deep) b ");
  EXPECT_EQ(all(nested(1'000'000) + R"({"ts":"b"})", Member::ts), "(deep) b ");
  // Of a page, too.
  EXPECT_EQ(all(R"({"recenttracks":{"track":[{"name":"a"},{"name":"n","x":)" + std::string(99, '[') +
                    std::string(99, ']') + R"(},{"name":"b"}]}})",
                Member::scrobble_track),
            "a (deep) b ");
  EXPECT_NE(all(R"({"recenttracks":{"track":[{"name":"a"},)" + huge + "]}}", Member::scrobble_track)
                .find("!this page of rows is longer than"),
            std::string::npos);
}

TEST(ReadJson, WhatIsWrongWithinATextLeavesTheRestOfTheFile) {
  const std::string half = "\xED\xA0\x80";
  const std::pair<std::string, std::string> cases[] = {
      {R"(\ud83d)", half},
      {R"(\ude00)", half},
      {R"(\ud83d\ud83d\ude00)", half + "\U0001F600"},
      {R"(\ud83d\ude00)", "\U0001F600"},
      {R"(\uD83D\n)", half + "\n"},
      {R"(\ud83dx\ude00)", half + "x" + half},
      {R"(\ud8)", half + "ud8"},
      {R"(\u12G4)", half + "u12G4"},
      {R"(\')", half + "'"},
      {R"(\ud83d\')", half + half + "'"},
      {"a\nb", "a\nb"},
      {std::string("a\0b", 3), std::string("a\0b", 3)},
      {"\xFF\xC3", "\xFF\xC3"},
      {R"(\"\\\/\b\f\r\t\u00e9)", "\"\\/\b\f\r\t\u00e9"},
  };
  for (const auto& [written, read] : cases) {
    for (std::size_t step = 1; step < 8; ++step) {
      EXPECT_EQ(all(R"([{"ts":")" + written + R"("},{"ts":"b"}])", Member::ts, step), read + " b ")
          << written;
      if (written.contains('\n')) continue;  // ends a line
      EXPECT_EQ(all(R"({"x":[")" + written + R"("],"ts":"a"} {"ts":"b"})", Member::ts, step), "a b ")
          << written;
    }
  }
}

TEST(ReadJson, NumbersAreReadWhateverTheyAre) {
  const auto shown = [](std::string_view number) {
    const auto reader =
        read_json(std::make_unique<TextBytes>(fmt::format(R"([{{"listened_at":{}}}])", number)));
    const auto row = reader->next();
    if (!row || !*row) return row ? std::string("none") : row.error().message;
    const Value& value = (**row)[Member::listened_at];
    if (value.kind == Value::Kind::integer) return fmt::format("{}", value.integer);
    return fmt::format("{} {}", value.text, value.number);
  };
  EXPECT_EQ(shown("1700000000"), "1700000000");
  EXPECT_EQ(shown("1700000000.0"), "1700000000");
  EXPECT_EQ(shown("1.7e9"), "1700000000");
  EXPECT_EQ(shown("-0"), "0");
  EXPECT_EQ(shown("1700000000.5"), "1700000000.5 1700000000.5");
  EXPECT_EQ(shown("9007199254740993.0"), "9007199254740993.0 9007199254740992");
  EXPECT_EQ(shown("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(shown("1e-999"), "0");
  EXPECT_EQ(shown("1e307"), "Infinity inf");
  EXPECT_EQ(shown(std::string(400, '1') + "e-399"), "1.1111111111111112 1.1111111111111112");
  EXPECT_EQ(shown("9223372036854775808"), "9223372036854775808 9.223372036854776e+18");
  EXPECT_EQ(shown("1e999"), "Infinity inf");
  EXPECT_EQ(shown("-1e999"), "-Infinity -inf");
  EXPECT_EQ(shown(std::string(1'000, '9')), "Infinity inf");
  EXPECT_EQ(shown("NaN"), "NaN nan");
  EXPECT_EQ(shown("-Infinity"), "-Infinity -inf");
  EXPECT_TRUE(shown("01").starts_with("it is not JSON at byte")) << shown("01");
}

TEST(ReadJson, ALineThatIsNoneIsRefusedAloneAndAnArrayAsAWhole) {
  const std::string a = "{\"ts\":\"a\"}\n";
  const std::string b = "{\"ts\":\"b\"}\n";
  for (const std::string line : {"{ts:1}\n", "nonsense\n", "{\"ts\":\"c\"\n", "{\"ts\":\"c\n",
                                 "{\"ts\":\"c\",\n", "{\"x\":[1\n", "{\"ts\" \n", "{\"x\":[1,{\"y\":1,\n",
                                 "{\"x\":\n", "{\"x\":\r\n", "{]}\n", "\x01\x02\n", "{\"ts\":\"c\"d}\n"}) {
    for (std::size_t step = 1; step < 8; ++step)
      EXPECT_EQ(all(a + line + b, Member::ts, step), "a (no JSON) b ") << line;
  }
  EXPECT_EQ(all(a + std::string(9, '\0') + "\n" + b, Member::ts), "a (no JSON) b ");
  EXPECT_EQ(all(a + "{\"ts\":\"c\n" + std::string(9, '\0') + "\n" + b, Member::ts),
            "a (no JSON) (no JSON) b ");
  // What was written over several lines is one document.
  EXPECT_EQ(all("{\n\"x\":\n {\n\"y\": [\n{},\n{}\n]\n},\n\"ts\":\"a\"\n}\n" + b, Member::ts), "a b ");
  // A last line without its end is cut off, whatever is in it.
  EXPECT_EQ(all(a + R"({"ts":"b")", Member::ts), "a !the file ends within it; it is cut off");
  EXPECT_EQ(all(a + R"({"ts":"b)", Member::ts), "a !the file ends within it; it is cut off");
  EXPECT_TRUE(all(a + R"({ts:"b)", Member::ts).starts_with("a !it is not JSON at byte 12"));
  EXPECT_TRUE(
      all(R"([{"ts":"a"},{"ts":"x"y"},{"ts":"b"}])", Member::ts).starts_with("a !it is not JSON at byte"));
  EXPECT_TRUE(all(R"({"recenttracks":{"track":[{"name":"a"},{name:1}]}})", Member::scrobble_track)
                  .starts_with("!it is not JSON at byte"));
}

TEST(ReadJson, MarksOfFilesThatWerePutTogetherAreNoText) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(all(mark + "{\"ts\":\"a\"}\n" + mark + "{\"ts\":\"b\"}\n" + mark, Member::ts, 1), "a b ");
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
  for (const std::string& mark : {std::string("\xFF\xFE\0\0", 4), std::string("\0\0\xFE\xFF", 4)})
    EXPECT_EQ(all(mark + std::string("[\0\0\0", 4), Member::ts, 1),
              "!the text is UTF-32, which is not read; write it as UTF-8");
  std::string half = little;
  const std::size_t pair = half.find("\x3C\xD8");
  half.erase(pair, 2);
  EXPECT_EQ(all(half, Member::ts), "\u00e9\xED\xBE\xB5 ");
  half = little;
  half.erase(pair + 2, 2);
  EXPECT_EQ(all(half, Member::ts, 3), "\u00e9\xED\xA0\xBC ");
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
}

TEST(ReadCsv, WhatIsWrongWithARowLeavesTheRestOfTheFile) {
  const std::string a = "A,B,a,d\n";
  const std::string b = "A,B,b,d\n";
  const std::string huge(kRowBytesMax + 1, 'x');
  for (const std::string& row :
       {huge + "\n", "A,\"" + huge + "\",c,d\n", "A," + huge, "A,B,c," + huge + "\r\n"}) {
    const bool is_last = !row.ends_with('\n');
    EXPECT_EQ(all(a + row + (is_last ? "" : b), Member::scrobble_track),
              is_last ? "a (long) " : "a (long) b ");
  }
  EXPECT_EQ(all(huge + "\n" + a, Member::scrobble_track), "(long) ? ");
  EXPECT_EQ(all(a + std::string(70, ',') + "\n" + b, Member::scrobble_track), "a (wide) b ");
  EXPECT_EQ(all(a + std::string(63, ',') + "\n" + b, Member::scrobble_track), "a ? b ");
  EXPECT_EQ(all(a + std::string("A,B,\0\xFF,d\n", 9) + "A,B,b", Member::scrobble_track),
            "a " + std::string("\0\xFF", 2) + " b ");
  EXPECT_EQ(all(a + std::string(kRowBytesMax + 1, '\n') + b, Member::scrobble_track), "a b ");
}

TEST(ReadCsv, AQuoteThatIsLeftOpenHidesNoRows) {
  const std::string a = "A,B,a,d\n";
  EXPECT_EQ(all(a + "A,B,\"c\" (Live),d\nA,B,12\" Mix,d\n", Member::scrobble_track), "a c (Live) 12\" Mix ");
  EXPECT_EQ(all(a + "A,B,\"c\nd\"\r\n" + a, Member::scrobble_track), "a c\nd a ");
  for (const std::string rest : {"A,B,\"c,d\nA,B,\"e,d\n", "A,B,\"c,d\nA,B,12\" Mix,d\n"})
    EXPECT_TRUE(all(a + rest, Member::scrobble_track).starts_with("a !a quoted cell is not closed")) << rest;
  EXPECT_EQ(all(a + "A,B,\"c,d\n" + a, Member::scrobble_track),
            "a !the file ends within a quoted cell; it is cut off");
}

}  // namespace
}  // namespace sdp::history
