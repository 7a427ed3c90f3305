#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

namespace sdp::verify {

static_assert(std::endian::native == std::endian::little, "witness files are little-endian");

template <std::integral T>
void append_little(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// Reads a number at `at`; the caller has checked that it is there.
template <std::integral T>
T read_little(std::string_view bytes, std::size_t at) {
  T number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace sdp::verify
