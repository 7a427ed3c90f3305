#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace sdp::simulate {

/// Zipf's law: of `ranks` things the k-th (from 0) is picked in proportion to 1 / (k + 1)^exponent. Walker's
/// alias method: one draw and one table entry a pick, whatever the number of ranks.
class Popularity {
 public:
  Popularity(std::uint32_t ranks, double exponent);

  std::uint32_t pick(Rng& rng) const;

 private:
  struct Column {
    std::uint32_t threshold = 0;  ///< Of 2^32: below it the column's own rank, else the alias.
    std::uint32_t alias = 0;
  };

  std::vector<Column> columns_;
};

}  // namespace sdp::simulate
