#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sdp::publish {

/// Puts files where readers find them whole at any time (docs/formats/published.md):
///
///     ROOT/current -> ID        switched by rename
///     ROOT/ID/FILE...           mode 0444, ID = time of publishing, such as 20260215T175236123Z
///
/// `write` makes the files in the folder that it is given, which has no other name yet than ID will be. The
/// publication before this one stays, for readers that have just looked `current` up; older ones are removed.
/// Returns ROOT/ID. `fenced` while another process publishes there, errors of `write`, otherwise as
/// posix_error: readers then find what they found before.
Result<std::filesystem::path> replace_published(
    const std::filesystem::path& root, Clock& clock,
    const std::function<Result<void>(const std::filesystem::path& folder, const std::string& id)>& write);

/// Removes all publications but this one, and what a killed process left. `fenced` while another process
/// publishes there.
Result<void> remove_others(const std::filesystem::path& root, const std::filesystem::path& publication);

/// Writes a file of a draft. It is made durable with the others, before the draft has its name.
Result<void> write_draft(const std::filesystem::path& path, std::string_view text);

/// dbt's documentation of the project, below ROOT: it is of the project, not of a publication.
inline constexpr std::string_view kDocsFile = "dbt/index.html";

/// The folder that `current` leads to; nothing when nothing is published.
std::optional<std::filesystem::path> current_publication(const std::filesystem::path& root);

/// The folder of a publication that is kept, current or not; nothing when there is none of this id. The id is
/// compared with what is there.
std::optional<std::filesystem::path> find_publication(const std::filesystem::path& root, std::string_view id);

/// Puts one more file into a publication, or another one in its place; mode 0444. Readers see none, the old
/// or the new one. False when the publication is not there any more: others have published twice since.
Result<bool> add_to_publication(const std::filesystem::path& folder, std::string_view file,
                                std::string_view text);

}  // namespace sdp::publish
