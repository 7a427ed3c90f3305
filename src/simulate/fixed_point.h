#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sdp::simulate {

// Numbers in parts of 2^32 (q32), by integer arithmetic alone: what a maths library rounds differs from
// machine to machine, and bytes that are made of it would, too.

__extension__ using Wide = unsigned __int128;

inline constexpr std::uint64_t kOne = std::uint64_t{1} << 32;

/// A value from outside; from 0 up to 2^31. Scaling by a power of two is exact, so only the cut rounds.
constexpr std::uint64_t to_q32(double value) {
  return static_cast<std::uint64_t>(value * 0x1.0p32);
}

inline std::vector<std::uint64_t> in_q32(const std::vector<double>& values) {
  std::vector<std::uint64_t> result;
  result.reserve(values.size());
  for (const double value : values) result.push_back(to_q32(value));
  return result;
}

constexpr std::uint64_t times(std::uint64_t one, std::uint64_t other) {
  return static_cast<std::uint64_t>(static_cast<Wide>(one) * other >> 32);
}

/// one / other; the result must fit.
constexpr std::uint64_t ratio(std::uint64_t one, std::uint64_t other) {
  return static_cast<std::uint64_t>((static_cast<Wide>(one) << 32) / other);
}

/// log2 of a whole number above 0, in q32.
constexpr std::uint64_t log2_q32(std::uint64_t whole) {
  int power = 63;
  while ((whole >> power) == 0) --power;
  std::uint64_t mantissa = whole << (63 - power);  // 1 to 2, in parts of 2^63
  std::uint64_t log = static_cast<std::uint64_t>(power) << 32;
  for (int bit = 31; bit >= 0; --bit) {
    const Wide square = static_cast<Wide>(mantissa) * mantissa;  // 1 to 4, in parts of 2^126
    if ((square >> 127) != 0) {
      log |= std::uint64_t{1} << bit;
      mantissa = static_cast<std::uint64_t>(square >> 64);
    } else {
      mantissa = static_cast<std::uint64_t>(square >> 63);
    }
  }
  return log;
}

/// The square root, cut to a whole number.
constexpr std::uint64_t root(Wide square) {
  std::uint64_t result = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t tried = result | std::uint64_t{1} << bit;
    if (static_cast<Wide>(tried) * tried <= square) result = tried;
  }
  return result;
}

/// 2^-(1/2), 2^-(1/4), ... in parts of 2^62.
inline constexpr auto kRootsOfHalf = [] {
  std::array<std::uint64_t, 32> roots{};
  std::uint64_t last = std::uint64_t{1} << 61;
  for (auto& one : roots) one = last = root(static_cast<Wide>(last) << 62);
  return roots;
}();

/// 2^-power, in parts of 2^62; the power in q32.
constexpr std::uint64_t half_to_the(std::uint64_t power) {
  if ((power >> 32) > 61) return 0;
  std::uint64_t value = std::uint64_t{1} << 62;
  for (int bit = 31; bit >= 0; --bit) {
    if ((power >> bit & 1) == 0) continue;
    value = static_cast<std::uint64_t>(static_cast<Wide>(value) * kRootsOfHalf[31 - bit] >> 62);
  }
  return value >> (power >> 32);
}

}  // namespace sdp::simulate
