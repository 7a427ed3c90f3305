#include "simulate/draw.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace sdp::simulate {
namespace {

constexpr int kLogBits = 10;

/// log2(1 + i / 2^kLogBits), in q32.
constexpr auto kLogs = [] {
  std::array<std::uint64_t, (1U << kLogBits) + 1> logs{};
  for (std::size_t i = 0; i < logs.size(); ++i) {
    logs[i] = log2_q32((1U << kLogBits) + i) - (std::uint64_t{kLogBits} << 32);
  }
  return logs;
}();

constexpr std::uint64_t kLn2 = 2'977'044'471;  // in q32

}  // namespace

// -ln of a uniform number: its leading zeros are whole powers of two, a table has the rest, with a straight
// line between two of its entries.
std::uint64_t draw_exponential(Rng& rng) {
  const std::uint64_t draw = rng.next() | 1;
  const int zeros = std::countl_zero(draw);
  const std::uint64_t mantissa = draw << zeros << 1;  // what follows the leading one
  const auto at = static_cast<std::size_t>(mantissa >> (64 - kLogBits));
  const std::uint64_t between = mantissa << kLogBits >> 32;
  const std::uint64_t log = kLogs[at] + times(kLogs[at + 1] - kLogs[at], between);
  return times((static_cast<std::uint64_t>(zeros) + 1) * kOne - log, kLn2);
}

WeightedDraw::WeightedDraw(const std::vector<double>& weights)
    : WeightedDraw(std::span<const std::uint64_t>(in_q32(weights))) {}

// Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991.
WeightedDraw::WeightedDraw(std::span<const std::uint64_t> weights) : columns_(weights.size()) {
  Wide sum = 0;
  for (const std::uint64_t weight : weights) sum += weight;
  SDP_ASSERT(sum > 0);
  std::vector<Wide> rest(weights.begin(), weights.end());
  for (Wide& weight : rest) weight *= weights.size();
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t k = 0; k < rest.size(); ++k) (rest[k] < sum ? small : large).push_back(k);
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    columns_[poor] = {static_cast<std::uint32_t>((rest[poor] << 32) / sum), rich};
    rest[rich] -= sum - rest[poor];
    if (rest[rich] < sum) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  for (const std::uint32_t k : large) columns_[k] = {0, k};
  SDP_ASSERT(small.empty());
}

}  // namespace sdp::simulate
