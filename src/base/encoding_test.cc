#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sdp::base {
namespace {

TEST(Base64, MatchesRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Zh=="));
  EXPECT_FALSE(from_base64("Z g="));
}

TEST(Encoding, Base64OfWhatIsLargeIsCanonicalToItsEnd) {
  // More than is compared at once, with and without padding.
  for (const std::size_t size : {49'151U, 49'152U, 49'153U, 200'000U}) {
    std::string bytes(size, 'x');
    bytes.back() = '\xFF';
    std::string text = base64(bytes);
    EXPECT_EQ(from_base64(text), bytes);
    std::string appended = "before";
    append_base64(appended, bytes);
    EXPECT_EQ(appended, "before" + text);
    text[text.size() / 2] = ' ';
    EXPECT_FALSE(from_base64(text));
  }
}

RC_GTEST_PROP(Base64, ComesBackTheSame, (const std::string& bytes)) {
  RC_ASSERT(from_base64(base64(bytes)) == bytes);
}
RC_GTEST_PROP(Hex, ComesBackTheSame, (const std::string& bytes)) {
  RC_ASSERT(from_hex(hex(bytes)) == bytes);
}

TEST(JsonString, EscapesOnlyWhatItMust) {
  std::string out;
  append_json_string(out, "a\"b\\c\n\x01/é");
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\u0001/é\"");
}

}  // namespace
}  // namespace sdp::base
