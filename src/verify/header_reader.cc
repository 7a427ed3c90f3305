#include "verify/header_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sdp::verify {
namespace {

/// A position in the bytes that has once run out of them, or read a size that cannot be, stays failed.
struct Scan {
  std::string_view bytes;
  std::size_t at = 0;
  bool failed = false;

  /// Sizes and counts: at least -1, at most what bytes can follow.
  std::int64_t number() {
    std::uint64_t value = 0;
    for (unsigned digit = 0;; ++digit) {
      if (failed || at == bytes.size() || digit == 5) {
        failed = true;
        return 0;
      }
      const auto byte = static_cast<std::uint8_t>(bytes[at++]);
      value += static_cast<std::uint64_t>(byte % 128) << (7 * digit);
      if (byte < 128) break;
    }
    // The fifth byte may have bits that a number of 32 bits has no place for: Kafka drops them.
    value %= std::uint64_t{1} << 32;
    const auto half = static_cast<std::int64_t>(value / 2);
    const std::int64_t signed_value = value % 2 == 0 ? half : -1 - half;
    failed = signed_value < -1 || signed_value > static_cast<std::int64_t>(bytes.size());
    return failed ? 0 : signed_value;
  }

  std::optional<std::string> text() {
    const std::int64_t size = number();
    if (failed || size < 0) return std::nullopt;
    const auto wanted = static_cast<std::size_t>(size);
    if (wanted > bytes.size() - at) {
      failed = true;
      return std::nullopt;
    }
    at += wanted;
    return std::string(bytes.substr(at - wanted, wanted));
  }
};

std::optional<std::vector<lake::LineHeader>> scan_headers(Scan scan) {
  std::vector<lake::LineHeader> headers;
  std::int64_t left = scan.number();
  if (left < 0) return std::nullopt;
  for (; left > 0 && !scan.failed; --left) {
    auto name = scan.text();
    auto value = scan.text();
    if (!name) return std::nullopt;
    headers.push_back({*std::move(name), std::move(value)});
  }
  if (scan.failed || scan.at != scan.bytes.size()) return std::nullopt;
  return headers;
}

}  // namespace

std::vector<lake::LineHeader> read_headers(std::string_view encoded) {
  if (encoded.empty()) return {};
  if (auto headers = scan_headers({encoded})) return *std::move(headers);
  return {{std::string(encoded), std::nullopt}};
}

}  // namespace sdp::verify
