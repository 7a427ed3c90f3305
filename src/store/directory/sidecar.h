#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/object_store.h"

namespace sdp::store {

/// More than metadata can have, with what stands between them.
inline constexpr std::size_t kSidecarBytesMax = 8 * kMetadataBytesMax;

/// The text of a metadata file (docs/formats/directory-store.md). The metadata obeys check_metadata.
std::string format_sidecar(const Metadata& metadata);
/// `bad_input` when the text is not what format_sidecar writes.
Result<Metadata> parse_sidecar(std::string_view text);

}  // namespace sdp::store
