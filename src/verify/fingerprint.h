#pragma once

#include <xxhash.h>

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lake/line.h"
#include "log/record.h"

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
  /// Of a line whose JSON had the id of a schema in front of it.
  std::uint64_t of(Bytes key, std::uint32_t schema_id, std::string_view json,
                   std::span<const lake::LineHeader> headers);

 private:
  std::uint64_t seed_of(const log::RecordView& record);
  template <typename Headers>
  std::uint64_t seed_of(Bytes key, const Headers& headers);

  std::string around_;
  std::string value_;
};

/// `value` as a line keeps it: without JSON white space at its ends, with '\n' and '\r' as spaces, and an
/// object without members as `{}`; of a value with a frame (unframed()) that is what is behind it. Uses
/// `buffer` only when a byte has to change.
std::string_view normalised(std::string_view value, std::string& buffer);

/// 64 bits which stand for the columns of a row. Reuses its buffer; owned by one thread.
class RowHash {
 public:
  RowHash& add(const std::optional<std::string_view>& column) {
    // Absent is not empty, and lengths keep neighbours apart.
    const std::uint64_t size = column ? column->size() + 1 : 0;
    append_little(bytes_, size);
    if (!column) return *this;
    if (column->size() <= kCopiedMax) {
      bytes_.append(*column);
    } else {
      append_little(bytes_, XXH3_64bits(column->data(), column->size()));
    }
    return *this;
  }

  /// The hash of the columns since the last call.
  std::uint64_t take() {
    const std::uint64_t hash = XXH3_64bits(bytes_.data(), bytes_.size());
    bytes_.clear();
    return hash;
  }

 private:
  /// For what is larger its own hash stands.
  static constexpr std::size_t kCopiedMax = 65'536;

  std::string bytes_;
};

}  // namespace sdp::verify
