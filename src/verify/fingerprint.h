#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lake/line.h"
#include "log/record.h"

namespace sdp::verify {

/// 64 bits which stand for a record's key, value and headers (docs/formats/witness.md). Never change how they
/// are made: witness files keep them.
struct Fingerprints {
  std::uint64_t raw = 0;     ///< over the exact bytes
  std::uint64_t normal = 0;  ///< over the value as a kept line has it: see normalised

  bool operator==(const Fingerprints&) const = default;
};

/// Makes fingerprints. Reuses its buffers; owned by one thread.
class Fingerprinter {
 public:
  using Bytes = std::optional<std::string_view>;

  Fingerprints of(const log::RecordView& record);
  /// The same bytes as they stand in a line or in a table: equal to `raw` or `normal` of the record they came
  /// from.
  std::uint64_t of(Bytes key, Bytes value, std::span<const lake::LineHeader> headers);

 private:
  template <typename Headers>
  std::uint64_t seed_of(Bytes key, const Headers& headers);

  std::string around_;
  std::string value_;
};

/// `value` as a line keeps it: without JSON white space at its ends, with '\n' and '\r' as spaces, and an
/// object without members as `{}`. Uses `buffer` only when a byte has to change.
std::string_view normalised(std::string_view value, std::string& buffer);

}  // namespace sdp::verify
