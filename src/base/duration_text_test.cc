#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DurationText, HasTheLargestUnitOfWhichThereAreTwo) {
  EXPECT_EQ(duration_text(milliseconds(-5)), "0 ms");
  EXPECT_EQ(duration_text(milliseconds(999)), "999 ms");
  EXPECT_EQ(duration_text(seconds(1)), "1 s");
  EXPECT_EQ(duration_text(seconds(119)), "119 s");
  EXPECT_EQ(duration_text(seconds(120)), "2 min");
  EXPECT_EQ(duration_text(seconds(7'199)), "119 min");
  EXPECT_EQ(duration_text(seconds(7'200)), "2 h");
  EXPECT_EQ(duration_text(seconds(172'800)), "2 d");
}

}  // namespace
}  // namespace sdp::base
