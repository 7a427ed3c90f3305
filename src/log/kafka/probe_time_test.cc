#include "log/kafka/probe_time.h"

#include <gtest/gtest.h>

namespace sdp::log::kafka {
namespace {

using std::chrono::milliseconds;

TEST(ProbeTime, DoublesWithEachFailureUpToItsLimitAndStays) {
  ProbeTime time;
  milliseconds expected{250};
  for (int failures = 0; failures < 8; ++failures) {
    EXPECT_EQ(time.next(), std::min(expected, milliseconds(4'000)));
    EXPECT_EQ(time.next(), std::min(expected, milliseconds(4'000)));
    time.failed();
    expected *= 2;
  }
}

}  // namespace
}  // namespace sdp::log::kafka
