#pragma once

#include <string_view>

#include "base/result.h"
#include "store/object_store.h"

namespace sdp::store {

inline constexpr std::size_t kKeyBytesMax = 1024;

/// Every adapter refuses the same names, so that a lake can move from one to another.

/// UTF-8 without control characters, 1-1024 bytes, no empty, "." or ".." segment; else `bad_input`.
Result<void> check_key(std::string_view key);
/// The start of a key, perhaps empty; whole segments in it obey the rules of keys.
Result<void> check_prefix(std::string_view prefix);
/// Empty or ending in '/'.
Result<void> check_folder_prefix(std::string_view prefix);
/// Names of [a-z0-9-]; values of printable ASCII without blanks at their ends or doubled (HTTP would lose
/// these); no name that is another followed by '-' or a digit; kMetadataBytesMax in all.
Result<void> check_metadata(const Metadata& metadata);

/// Key, metadata and content type of a put.
Result<void> check_put(std::string_view key, const Metadata& metadata, std::string_view content_type);

}  // namespace sdp::store
