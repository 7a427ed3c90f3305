#include "simulate/popularity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sdp::simulate {
namespace {

std::vector<double> shares(const Popularity& popularity, std::uint32_t ranks) {
  constexpr int kPicks = 400'000;
  Rng rng(7);
  std::vector<double> share(ranks);
  for (int i = 0; i < kPicks; ++i) share[popularity.pick(rng)] += 1.0 / kPicks;
  return share;
}

class Zipf : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Exponents, Zipf, testing::Values(0.0, 0.7, 1.0, 1.5));

TEST_P(Zipf, SharesFollowTheLaw) {
  constexpr std::uint32_t kRanks = 100;
  double sum = 0;
  for (std::uint32_t k = 1; k <= kRanks; ++k) sum += std::pow(k, -GetParam());
  const auto share = shares(Popularity(kRanks, GetParam()), kRanks);
  for (std::uint32_t k = 1; k <= kRanks; ++k) {
    const double expected = std::pow(k, -GetParam()) / sum;
    // Six standard deviations of a binomial share.
    EXPECT_NEAR(share[k - 1], expected, 6 * std::sqrt(expected / 400'000)) << "rank " << k;
  }
}

TEST(Popularity, OneRankIsAlwaysPicked) {
  const Popularity only(1, 1.0);
  Rng rng(3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(only.pick(rng), 0);
}

}  // namespace
}  // namespace sdp::simulate
