#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/rng.h"

namespace sdp::base {

/// 128 bits, RFC 9562 byte order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
};

/// Version 5: SHA-1 of name space and name (RFC 9562, section 5.5).
Uuid uuid5(const Uuid& name_space, std::string_view name);
/// Version 4 from the given generator (RFC 9562, section 5.4).
Uuid uuid4(Rng& rng);
/// The DNS name space of RFC 9562, appendix.
extern const Uuid kNamespaceDns;

/// 36 lower-case characters.
std::string to_string(const Uuid& uuid);
void append_uuid(std::string& out, const Uuid& uuid);
/// 36 characters, 8-4-4-4-12 hex digits of either case; nothing otherwise.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace sdp::base

namespace sdp {
using base::Uuid;
}
