#pragma once

#include <string_view>

#include "base/result.h"
#include "mapping/mapping.h"

namespace sdp::mapping {

/// Bytes of a mapping file.
inline constexpr std::size_t kFileBytesMax = std::size_t{256} << 10;
/// A mapping's pointers, each counted once, and the tokens of one.
inline constexpr std::size_t kPointersMax = 64;
inline constexpr std::size_t kTokensMax = 16;

/// Reads the TOML text of docs/formats/mapping.md. `misconfigured` names the first thing that is wrong, by
/// `file`, line and field.
Result<Mapping> parse(std::string_view text, std::string_view file);

}  // namespace sdp::mapping
