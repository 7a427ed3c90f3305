#include "cli/output.h"

#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

TEST(Output, RatesHaveAUnitAndNoDivisionByZero) {
  EXPECT_EQ(rate(10, 0), "-");
  EXPECT_EQ(rate(10, 4), "2.5/s");
  EXPECT_EQ(rate(412'000, 1), "412 k/s");
  EXPECT_EQ(rate(3'000'000, 2), "1.50 M/s");
}

}  // namespace
}  // namespace sdp::cli
