#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "base/rng.h"
#include "simulate/fixed_point.h"

namespace sdp::simulate {

/// True with a probability in q32.
inline bool happens(Rng& rng, std::uint64_t probability) {
  return (rng.next() >> 32) < probability;
}

/// Exponentially distributed with mean 1, in q32.
std::uint64_t draw_exponential(Rng& rng);
/// The same with another mean, in whole units.
inline std::int64_t draw_exponential(Rng& rng, std::uint64_t mean) {
  return static_cast<std::int64_t>(times(draw_exponential(rng), mean));
}

/// One of a list's, each as likely.
template <typename List>
const auto& pick(const List& list, Rng& rng) {
  return list[rng.below(std::size(list))];
}

/// One of several things, in proportion to weights that are whole numbers below 2^63: Walker's alias method,
/// one draw and one table entry, whatever the number of things.
class WeightedDraw {
 public:
  WeightedDraw() = default;
  /// At least one weight is above 0.
  explicit WeightedDraw(std::span<const std::uint64_t> weights);
  /// Weights as people write them.
  explicit WeightedDraw(const std::vector<double>& weights);

  std::uint32_t pick(Rng& rng) const {
    const std::uint64_t draw = rng.next();
    const auto at = static_cast<std::uint32_t>((draw >> 32) * columns_.size() >> 32);
    const Column& column = columns_[at];
    return static_cast<std::uint32_t>(draw) < column.threshold ? at : column.alias;
  }

 private:
  struct Column {
    std::uint32_t threshold = 0;  ///< Of 2^32: below it the column's own thing, else the alias.
    std::uint32_t alias = 0;
  };

  std::vector<Column> columns_;
};

}  // namespace sdp::simulate
