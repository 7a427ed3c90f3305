#include "log/kafka/headers.h"

#include <cstdint>
#include <optional>

namespace sdp::log::kafka {
namespace {

/// Of 32 bits, in zigzag order.
std::optional<std::int32_t> take_varint(std::string_view& rest) {
  std::uint64_t bits = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (rest.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    bits |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      const auto number = static_cast<std::uint32_t>(bits);
      return static_cast<std::int32_t>((number >> 1) ^ (~(number & 1) + 1));
    }
  }
  return std::nullopt;
}

bool take_bytes(std::string_view& rest, std::int32_t size, std::string_view& bytes) {
  if (size < 0 || static_cast<std::size_t>(size) > rest.size()) return false;
  bytes = rest.substr(0, static_cast<std::size_t>(size));
  rest.remove_prefix(bytes.size());
  return true;
}

bool take_header(std::string_view& rest, HeaderView& header) {
  const auto name_size = take_varint(rest);
  if (!name_size || !take_bytes(rest, *name_size, header.name)) return false;
  const auto value_size = take_varint(rest);
  if (!value_size) return false;
  if (*value_size == -1) {
    header.value.reset();
    return true;
  }
  return take_bytes(rest, *value_size, header.value.emplace());
}

bool take_headers(std::string_view rest, std::vector<HeaderView>& out) {
  const auto count = take_varint(rest);
  if (!count || *count < 0) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    if (!take_header(rest, out.emplace_back())) return false;
  }
  return rest.empty();
}

}  // namespace

void decode_headers(std::string_view encoded, std::vector<HeaderView>& out) {
  out.clear();
  if (encoded.empty() || take_headers(encoded, out)) return;
  out.assign(1, {encoded, std::nullopt});
}

}  // namespace sdp::log::kafka
