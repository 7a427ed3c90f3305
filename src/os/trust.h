#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>

namespace sdp::os {

// Files and folders that say what this program does, or what it runs: whoever may change them decides that.

/// Permissions to write of everybody but the owner.
inline constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

/// Whether it is root, this process's user, or `other`, whom there is another reason to trust.
bool is_trusted_owner(uid_t owner, std::optional<uid_t> other = {});

/// Whether a file or folder, and the link to it where the path is one, have owners who are trusted, and
/// nobody of `writers` may write it. False where there is none.
bool is_trusted(const std::filesystem::path& path, std::optional<uid_t> other = {},
                mode_t writers = kOthersWrite);

}  // namespace sdp::os
