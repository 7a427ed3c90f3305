#include "simulate/popularity.h"

#include <cmath>
#include <numeric>

#include "base/check.h"

namespace sdp::simulate {
namespace {

/// Scaled so that the mean is 1: what a column of the table holds.
std::vector<double> zipf_weights(std::uint32_t ranks, double exponent) {
  std::vector<double> weights(ranks);
  for (std::uint32_t k = 0; k < ranks; ++k) weights[k] = 1.0 / std::pow(k + 1.0, exponent);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight *= ranks / sum;
  return weights;
}

}  // namespace

// Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991.
Popularity::Popularity(std::uint32_t ranks, double exponent) : columns_(ranks) {
  SDP_ASSERT(ranks > 0);
  std::vector<double> weights = zipf_weights(ranks, exponent);
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t k = 0; k < ranks; ++k) (weights[k] < 1.0 ? small : large).push_back(k);
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    columns_[poor] = {static_cast<std::uint32_t>(weights[poor] * 0x1.0p32), rich};
    weights[rich] -= 1.0 - weights[poor];
    if (weights[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What is left weighs 1 but for rounding: the column is all its own.
  for (const auto& rest : {small, large}) {
    for (const std::uint32_t k : rest) columns_[k] = {0, k};
  }
}

std::uint32_t Popularity::pick(Rng& rng) const {
  const std::uint64_t draw = rng.next();
  const auto rank = static_cast<std::uint32_t>((draw >> 32) * columns_.size() >> 32);
  const Column& column = columns_[rank];
  return static_cast<std::uint32_t>(draw) < column.threshold ? rank : column.alias;
}

}  // namespace sdp::simulate
