#pragma once

#include <xxhash.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "verify/little_endian.h"

namespace sdp::verify {

/// 64 bits which stand for the columns of a row. Reuses its buffer; owned by one thread.
class RowHash {
 public:
  RowHash& add(const std::optional<std::string_view>& column) {
    // Absent is not empty, and lengths keep neighbours apart.
    const std::uint64_t size = column ? column->size() + 1 : 0;
    append_little(bytes_, size);
    if (column) bytes_.append(*column);
    return *this;
  }

  /// The hash of the columns since the last call.
  std::uint64_t take() {
    const std::uint64_t hash = XXH3_64bits(bytes_.data(), bytes_.size());
    bytes_.clear();
    return hash;
  }

 private:
  std::string bytes_;
};

}  // namespace sdp::verify
