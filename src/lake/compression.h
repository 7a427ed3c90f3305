#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::lake {

enum class Compression { none, gzip, zstd };

std::string_view name(Compression compression);
std::optional<Compression> parse_compression(std::string_view name);
/// `.json`, `.json.gz` or `.json.zst`
std::string_view extension(Compression compression);

/// The body as stored. Levels favour speed (gzip 1, zstd 1).
Result<std::string> compress(Compression compression, std::string_view bytes);
/// Refuses (`bad_input`) bodies that are damaged, go on behind their end, or are larger than `bytes_max` (at
/// most kObjectBytesMax) when decompressed.
Result<std::string> decompress(Compression compression, std::string_view body, std::size_t bytes_max);

/// More than any object that the sink writes: limits what a planted object can make a reader allocate.
inline constexpr std::size_t kObjectBytesMax = std::size_t{1} << 30;

}  // namespace sdp::lake
