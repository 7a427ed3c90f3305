#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sdp::publish {

/// Puts one file where readers find it whole at any time (docs/formats/published.md):
///
///     ROOT/current -> ID        switched by rename
///     ROOT/ID/FILE              mode 0444, ID = time of publishing, such as 20260215T175236123Z
///
/// `write` makes the file at the path that it is given. The publication before this one stays, for readers
/// that have just looked `current` up; older ones are removed. Returns the file's path through ID.
/// `fenced` while another process publishes there, errors of `write`, otherwise as posix_error: readers then
/// find what they found before.
Result<std::filesystem::path> replace_published(
    const std::filesystem::path& root, std::string_view file, Clock& clock,
    const std::function<Result<void>(const std::filesystem::path& path)>& write);

}  // namespace sdp::publish
