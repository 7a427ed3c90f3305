#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "store/object_store.h"

namespace sdp::store {

/// Our own folders at the top of a store; no key starts with one.
bool is_reserved(std::string_view first_segment);
inline constexpr std::string_view kTemporaryFolder = ".tmp";
inline constexpr std::string_view kMetadataFolder = ".meta";
inline constexpr std::string_view kLockFolder = ".lock";

/// Visits the objects below `root` whose keys start with `prefix`, in byte order of whole keys ("a-b" before
/// "a/b": a folder sorts as its name with the '/'). Symbolic links and other special files are not objects.
/// Holds the names of one folder a level in memory.
Result<void> walk_objects(const std::filesystem::path& root, std::string_view prefix,
                          const std::function<bool(const ListedObject&)>& visit);
/// The folders right below `prefix` with at least one object in them.
Result<std::vector<std::string>> walk_folders(const std::filesystem::path& root, std::string_view prefix);

}  // namespace sdp::store
