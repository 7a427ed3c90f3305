#include "cli/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "support/patience.h"

namespace sdp::cli {
namespace {

/// The signals that it blocks are those of the test's process, too.
class SignalStopTest : public testing::Test {
 protected:
  SignalStopTest() { pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  ~SignalStopTest() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

TEST_F(SignalStopTest, ItsEndWaitsForNoSignal) {
  constexpr int kTimes = 300;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) {
    const SignalStop stop;
    // Until it waits.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(stop.token().stop_requested());
  }
  // A tenth of a second for each would be 30 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST_F(SignalStopTest, ASignalAsksForAStop) {
  const SignalStop stop;
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_TRUE(support::comes_true([&] { return stop.token().stop_requested(); }));
}

}  // namespace
}  // namespace sdp::cli
