#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace sdp::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes an input apart into values of any kind. What is missing at its end is zero or empty.
class Pieces {
 public:
  explicit Pieces(std::string_view rest) : rest_(rest) {}

  bool done() const { return rest_.empty(); }

  template <typename Number>
  Number number() {
    Number number{};
    rest_.remove_prefix(rest_.copy(reinterpret_cast<char*>(&number), sizeof number));
    return number;
  }
  /// Without its sign.
  template <typename Number>
  Number natural() {
    return static_cast<Number>(static_cast<std::make_unsigned_t<Number>>(number<Number>()) >> 1);
  }
  /// At most 255 bytes.
  std::string_view bytes() {
    const std::size_t size = number<std::uint8_t>();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::optional<std::string_view> maybe_bytes() {
    return number<std::uint8_t>() % 4 == 0 ? std::nullopt : std::optional(bytes());
  }
  std::string_view rest() {
    const std::string_view all = rest_;
    rest_ = {};
    return all;
  }

 private:
  std::string_view rest_;
};

}  // namespace sdp::fuzz
