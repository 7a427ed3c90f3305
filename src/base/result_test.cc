#include "base/result.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorKind::bad_input, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  SDP_TRY(const int once, half(n));
  SDP_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, TryPassesValuesOn) {
  EXPECT_EQ(*quarter(8), 2);
}

TEST(Result, TryPassesTheFirstErrorOn) {
  const auto result = quarter(6);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "odd");
}

TEST(Error, ContextStandsBeforeTheMessage) {
  EXPECT_EQ((Error{ErrorKind::retry, "timed out"}.in("topic t").message), "topic t: timed out");
}

TEST(Error, OnlyTemporaryErrorsExitWith75) {
  EXPECT_EQ(exit_code(ErrorKind::retry), 75);
  EXPECT_EQ(exit_code(ErrorKind::violation), 20);
  EXPECT_EQ(exit_code(ErrorKind::data_gap), 65);
  EXPECT_EQ(exit_code(ErrorKind::misconfigured), 78);
}

}  // namespace
}  // namespace sdp::base
