#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sdp::base {

/// SHA-256 (FIPS 180-4) of the bytes, 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// HMAC-SHA-256 (FIPS 198-1), 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace sdp::base
