#include "base/ascii.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

TEST(Ascii, TrimsEitherEndOrBoth) {
  EXPECT_EQ(trimmed_front(" \t\r\nday DATE \n"), "day DATE \n");
  EXPECT_EQ(trimmed_back(" \t\r\nday DATE \n"), " \t\r\nday DATE");
  EXPECT_EQ(trimmed(" \t\r\nday DATE \n"), "day DATE");
  EXPECT_EQ(trimmed("day"), "day");
}

TEST(Ascii, LeavesNothingOfBlanks) {
  for (const std::string_view blank : {"", " ", "\r\n \t"}) {
    EXPECT_EQ(trimmed_front(blank), "");
    EXPECT_EQ(trimmed_back(blank), "");
    EXPECT_EQ(trimmed(blank), "");
  }
}

TEST(Ascii, TrimsWhatItIsToldAndNothingElse) {
  EXPECT_EQ(trimmed("\v x\f"), "\v x\f");
  EXPECT_EQ(trimmed("\v x\f", " \v\f"), "x");
  EXPECT_EQ(trimmed("SELECT 1 ;\n", " \n;"), "SELECT 1");
  EXPECT_EQ(trimmed(" x ", ""), " x ");
  EXPECT_EQ(trimmed(std::string_view("\0 x", 3)), std::string_view("\0 x", 3));
}

TEST(Ascii, ChangesTheCaseOfItsLettersAlone) {
  EXPECT_EQ(lower("AZ @[`{ az 09 \xC3\x84"), "az @[`{ az 09 \xC3\x84");
  EXPECT_EQ(upper("az @[`{ AZ 09 \xC3\xA4"), "AZ @[`{ AZ 09 \xC3\xA4");
}

}  // namespace
}  // namespace sdp::base
