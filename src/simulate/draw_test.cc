#include "simulate/draw.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sdp::simulate {
namespace {

TEST(FixedPoint, LogarithmsAndPowersAreThoseOfAMathsLibrary) {
  for (const std::uint64_t whole : {1ULL, 2ULL, 3ULL, 10ULL, 99'999ULL, 100'000ULL, 1ULL << 40, ~0ULL}) {
    EXPECT_NEAR(static_cast<double>(log2_q32(whole)) * 0x1p-32, std::log2(static_cast<double>(whole)), 1e-9);
  }
  for (const double power : {0.0, 0.25, 1.0, 1.17, 9.75, 33.3}) {
    EXPECT_NEAR(static_cast<double>(half_to_the(to_q32(power))) * 0x1p-62 / std::exp2(-power), 1, 1e-6)
        << power;
  }
  EXPECT_EQ(half_to_the(to_q32(62)), 0);
  EXPECT_EQ(root(Wide{144}), 12);
  EXPECT_EQ(root(Wide{143}), 11);
}

TEST(Draw, ExponentialHasItsMeanAndItsShape) {
  constexpr int kDraws = 400'000;
  Rng rng(5);
  double sum = 0;
  int above_one = 0, above_three = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = static_cast<double>(draw_exponential(rng)) * 0x1p-32;
    sum += value;
    above_one += value > 1;
    above_three += value > 3;
  }
  EXPECT_NEAR(sum / kDraws, 1, 0.01);
  EXPECT_NEAR(above_one / double{kDraws}, std::exp(-1), 0.005);
  EXPECT_NEAR(above_three / double{kDraws}, std::exp(-3), 0.002);
}

TEST(Draw, ExponentialHasAnotherMeanInWholeUnits) {
  Rng rng(6);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) sum += static_cast<double>(draw_exponential(rng, 45'000));
  EXPECT_NEAR(sum / 100'000, 45'000, 700);
}

TEST(WeightedDraw, SharesFollowTheWeights) {
  const WeightedDraw draw(std::vector<double>{5, 0, 3, 2, 0.5});
  constexpr int kDraws = 200'000;
  int counts[5] = {};
  Rng rng(7);
  for (int i = 0; i < kDraws; ++i) ++counts[draw.pick(rng)];
  EXPECT_NEAR(counts[0] / double{kDraws}, 5 / 10.5, 0.005);
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[2] / double{kDraws}, 3 / 10.5, 0.005);
  EXPECT_NEAR(counts[3] / double{kDraws}, 2 / 10.5, 0.005);
  EXPECT_NEAR(counts[4] / double{kDraws}, 0.5 / 10.5, 0.003);
}

TEST(WeightedDraw, TheLargestWeightsDoNotOverflow) {
  const std::vector<std::uint64_t> weights(1'000, (std::uint64_t{1} << 62) + 1);
  const WeightedDraw draw{std::span<const std::uint64_t>(weights)};
  Rng rng(8);
  std::uint64_t sum = 0;
  for (int i = 0; i < 10'000; ++i) sum += draw.pick(rng);
  EXPECT_NEAR(static_cast<double>(sum) / 10'000, 499.5, 20);
}

}  // namespace
}  // namespace sdp::simulate
