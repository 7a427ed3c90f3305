#include "report/html_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sdp::report {
namespace {

using std::string_literals::operator""s;

TEST(HtmlText, MarkupIsText) {
  EXPECT_EQ(escaped("<script>alert('1')</script> & \"x\""),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;");
  EXPECT_EQ(escaped("'; DROP TABLE MART.TOP_SONGS; --"), "&#39;; DROP TABLE MART.TOP_SONGS; --");
}

TEST(HtmlText, PlainTextOfAnyScriptStays) {
  for (const std::string text :
       {"", "Für Elise", "שיר", "Ω≈ç√", "日本語", "👩‍👩‍👧", "\uD7FF\uE000"})
    EXPECT_EQ(escaped(text), text);
}

TEST(HtmlText, ControlCharactersAreShown) {
  EXPECT_EQ(escaped("a\0b\tc\nd\x1b[0m\x7f"s), "a␀b␉c␊d␛[0m␡");
}

TEST(HtmlText, MarksThatTurnTheDirectionAreShown) {
  EXPECT_EQ(escaped("a\u202Egnp.exe\u2066\u200F"), "a[U+202E]gnp.exe[U+2066][U+200F]");
}

TEST(HtmlText, BytesThatAreNoCharactersAreReplaced) {
  EXPECT_EQ(escaped("a\xff"
                    "b\xc3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(escaped("\xc0\xaf"), "\uFFFD\uFFFD");            // '/' in two bytes
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "\uFFFD\uFFFD\uFFFD");  // '/' in three
  EXPECT_EQ(escaped("\xf0\x82\x82\xac"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(escaped("\xf5\x80\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
  EXPECT_EQ(escaped("\u0085\uFFFE\uFDD0"), "\uFFFD\uFFFD\uFFFD");
}

TEST(HtmlText, IsBoundedByCharacters) {
  const HtmlText ten = html_text(std::string(10'000, '<'), 10);
  EXPECT_EQ(ten.html, "&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;…");
  EXPECT_TRUE(ten.cut);
  const HtmlText all = html_text("äöü", 3);
  EXPECT_EQ(all.html, "äöü");
  EXPECT_FALSE(all.cut);
  EXPECT_EQ(html_text("äöü", 2).html, "äö…");
}

}  // namespace
}  // namespace sdp::report
