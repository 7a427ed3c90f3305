#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/posix_file.h"

namespace sdp::os {

/// Everybody may read it.
inline constexpr mode_t kReadable = 0644;

/// Nothing when there is no such file. Of a pipe what its writers send, nothing when it has none. `bad_input`
/// when it has more than `bytes_max`.
Result<std::optional<std::string>> read_file(const std::filesystem::path& path,
                                             std::size_t bytes_max = kReadBytesMax);
/// `cannot_write` when what has this name is not a file, such as a folder, a device or a pipe: whoever gives
/// a new file its name would remove it.
Result<void> check_replaceable(const std::filesystem::path& path);
/// Replaces a file in one step: readers see the old text or the new one. See check_replaceable().
Result<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode);
Result<void> make_folder(const std::filesystem::path& path);
/// The deepest folder on the way to `path` that is there.
std::filesystem::path existing_ancestor(const std::filesystem::path& path);
/// `misconfigured`, with the command that cures it, when users besides the owner can read or write the file.
Result<void> check_private(const std::filesystem::path& path);

/// Reads lines of `name=value`; empty lines and lines that start with `#` are left out.
std::map<std::string, std::string> parse_assignments(std::string_view text);

/// The last lines of a log, at most `bytes_max` bytes; empty when it cannot be read.
std::string tail_of(const std::filesystem::path& path, std::size_t bytes_max);

/// Gives a log that has grown past `bytes_max` the name PATH.1, in place of the one before.
void rotate_log(const std::filesystem::path& path, std::uintmax_t bytes_max);

}  // namespace sdp::os
