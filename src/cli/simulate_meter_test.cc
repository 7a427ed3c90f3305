#include "cli/simulate_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

struct Silent final : simulate::SimulateObserver {};

class SimulateMeterTest : public testing::Test {
 protected:
  void stands(std::uint64_t produced, std::uint64_t acked, std::uint64_t failed = 0) {
    meter_.stands({.produced = produced, .acked = acked, .failed = failed});
  }
  bool is_ready() { return health_.ready(clock_.steady_now()).good; }

  base::ManualClock clock_{UtcMillis(seconds(1'771'173'156))};
  metrics::Registry registry_;
  metrics::Health health_{seconds(300), clock_.steady_now()};
  Silent silent_;
  SimulateMeter meter_{registry_, &health_, clock_, silent_};
};

TEST_F(SimulateMeterTest, CountsWhatCameSinceTheLastTime) {
  stands(10, 7, 1);
  stands(12, 11, 1);
  const std::string text = registry_.text();
  EXPECT_THAT(text, HasSubstr("spotify_pipeline_simulate_records_total 12\n"));
  EXPECT_THAT(text, HasSubstr("spotify_pipeline_simulate_acked_records_total 11\n"));
  EXPECT_THAT(text, HasSubstr("spotify_pipeline_simulate_failed_records_total 1\n"));
}

TEST_F(SimulateMeterTest, RecordsThatNobodyTakesMeanThatTheLogIsAway) {
  EXPECT_TRUE(is_ready());
  stands(10, 5);
  clock_.advance(seconds(10));
  stands(20, 5);
  EXPECT_TRUE(is_ready());
  clock_.advance(seconds(1));
  stands(21, 5);
  EXPECT_FALSE(is_ready());
  EXPECT_THAT(health_.ready(clock_.steady_now()).text, HasSubstr("the log does not answer"));
  EXPECT_TRUE(health_.alive(clock_.steady_now()).good);
  stands(22, 6);
  EXPECT_TRUE(is_ready());
}

TEST_F(SimulateMeterTest, WhoHasNothingToSendIsReady) {
  stands(10, 10);
  for (int minute = 0; minute < 3; ++minute) {
    clock_.advance(seconds(60));
    stands(10, 10);
    EXPECT_TRUE(is_ready());
  }
  stands(11, 10);
  EXPECT_TRUE(is_ready()) << "it was sent a moment ago";
}

}  // namespace
}  // namespace sdp::cli
