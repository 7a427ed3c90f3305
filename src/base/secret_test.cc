#include "base/secret.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

TEST(Secret, NeverPrintsItsText) {
  const Secret secret("hunter2");
  EXPECT_EQ(fmt::format("key {}", secret), "key ***");
  EXPECT_EQ(::testing::PrintToString(secret), "***");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

TEST(Secret, EmptyAndFullPrintAlike) {
  EXPECT_EQ(fmt::format("{}", Secret()), "***");
}

}  // namespace
}  // namespace sdp::base
