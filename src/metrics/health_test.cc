#include "metrics/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::metrics {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr SteadyTime kStart{seconds(1'000)};

class HealthTest : public testing::Test {
 protected:
  Health health_{seconds(300), kStart};
};

TEST_F(HealthTest, IsAliveForAsLongAsItsLoopMayTake) {
  EXPECT_TRUE(health_.alive(kStart + seconds(300)).good);
  const Verdict late = health_.alive(kStart + seconds(301));
  EXPECT_FALSE(late.good);
  EXPECT_THAT(late.text, HasSubstr("301 s"));
  health_.turned(kStart + seconds(301));
  EXPECT_TRUE(health_.alive(kStart + seconds(601)).good);
}

TEST_F(HealthTest, IsNotReadyBeforeItSaysSo) {
  EXPECT_FALSE(health_.ready(kStart).good);
  health_.say(Readiness::ready);
  EXPECT_TRUE(health_.ready(kStart).good);
}

TEST_F(HealthTest, OnlyReadyIsReadyAndTheOthersSayWhy) {
  for (const Readiness readiness : {Readiness::starting, Readiness::log_away, Readiness::store_hangs,
                                    Readiness::first_round, Readiness::rounds_fail, Readiness::stopping}) {
    health_.say(readiness);
    const Verdict verdict = health_.ready(kStart);
    EXPECT_FALSE(verdict.good);
    EXPECT_THAT(verdict.text, HasSubstr(describe(readiness)));
  }
}

TEST_F(HealthTest, ALoopThatStandsIsNotReadyWhateverItSaid) {
  health_.say(Readiness::ready);
  EXPECT_TRUE(health_.ready(kStart + seconds(10)).good);
  EXPECT_FALSE(health_.ready(kStart + seconds(10) + milliseconds(1)).good);
}

TEST_F(HealthTest, WhereATurnMayTakeLongItIsReadyAsLong) {
  Health patient(seconds(300), kStart, seconds(200));
  patient.say(Readiness::ready);
  EXPECT_TRUE(patient.ready(kStart + seconds(200)).good);
  EXPECT_FALSE(patient.ready(kStart + seconds(201)).good);
}

}  // namespace
}  // namespace sdp::metrics
