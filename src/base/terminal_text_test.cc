#include "base/terminal_text.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

TEST(TerminalText, TextOfOthersIsEscaped) {
  EXPECT_EQ(escaped("Déjà vu, 東京, 🎵 \\"), "Déjà vu, 東京, 🎵 \\");
  EXPECT_EQ(escaped("a\x1b[31mb\nc\x7f\td\r"), "a\\x1b[31mb\\nc\\x7f\\td\\r");
  EXPECT_EQ(escaped("a\u009bb\u061c\u202e\u2066"), "a\\u009bb\\u061c\\u202e\\u2066");
  EXPECT_EQ(escaped("a\x9b"
                    "b\xff"),
            "a\\x9bb\\xff");
  EXPECT_EQ(escaped_json("{\"a\":\"\x7f\u009b\u202e東\"}"), "{\"a\":\"\\u007f\\u009b\\u202e東\"}");
}

TEST(TerminalText, AWordOfAShellIsQuotedWhereItMustBe) {
  EXPECT_EQ(shell_word("/srv/data-1/x_y.z"), "/srv/data-1/x_y.z");
  EXPECT_EQ(shell_word("my data"), "'my data'");
  EXPECT_EQ(shell_word("it's $HOME"), R"('it'\''s $HOME')");
  EXPECT_EQ(shell_word("größe"), "'größe'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(TerminalText, Utf8IsToldFromOtherBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Déjà vu, 東京, 🎵\x1b"));
  for (const std::string_view text : {"\xff", "a\x9b", "\xed\xa0\x80", "\xf0\x9f\x8e"})
    EXPECT_FALSE(is_utf8(text));
  // Eight bytes at a time are looked at where they are ASCII.
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'a');
    text[at] = '\x9b';
    EXPECT_FALSE(is_utf8(text)) << at;
    EXPECT_TRUE(is_utf8(text.replace(at, 1, "é"))) << at;
  }
}

TEST(Printable, ShowsNoCharacterThatActs) {
  EXPECT_EQ(printable("Déjà vu, 東京, 🎵, \u05e9\u05dc\u05d5\u05dd"),
            "Déjà vu, 東京, 🎵, \u05e9\u05dc\u05d5\u05dd");
  EXPECT_EQ(printable("a\x1b[31mb\nc\x7f\td"), "a?[31mb?c??d");
  // CSI as one character, which terminals take, too; and as one byte of an older encoding.
  EXPECT_EQ(printable("a\u009b31mb\u00a0c"), "a?31mb\u00a0c");
  EXPECT_EQ(printable("a\x9b"
                      "31m"),
            "a?31m");
  EXPECT_EQ(printable("x\u202egnp.exe\u2066y\u200fz\u2028\u2027"), "x?gnp.exe?y?z?\u2027");
  EXPECT_EQ(printable("\xc0\x9b\xe0\x80\x9b\xed\xa0\x80\xf4\x90\x80\x80\xf0\x9f\x8e"), std::string(15, '?'));
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace sdp::base
