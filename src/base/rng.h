#pragma once

#include <cstdint>

namespace sdp::base {

/// xoshiro256** seeded by splitmix64 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators",
/// 2018): the same seed gives the same stream on every machine, which std:: distributions do not promise.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, bound), bound > 0, without modulo bias.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  bool chance(double probability) { return uniform() < probability; }
  /// Exponential with the given mean.
  double exponential(double mean);
  /// A generator for a named part, so that adding draws in one part does not move another's.
  Rng fork(std::uint64_t stream) const;

 private:
  std::uint64_t state_[4];
};

}  // namespace sdp::base

namespace sdp {
using base::Rng;
}
