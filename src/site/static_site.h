#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace sdp::site {

/// Writes a publication and the pages for it as a folder that any web server, or a browser from a disk, shows
/// (docs/formats/site.md). Each file is whole before it has its name, and comes after those that it leads to.
/// The publication that was there before stays, for pages that are open, unless `older` says that it has to
/// go; those before it are removed, and so are
/// pages that an earlier program made and this one does not. dbt's page comes along from where it is, beside
/// the publications.
///
/// `misconfigured` when the folder has anything in it and is no such site; `fenced` while another process
/// writes there; `bad_input` when the publication cannot be read; otherwise as posix_error.
enum class Older : std::uint8_t { keep_one, remove };
Result<void> write_site(const std::filesystem::path& folder, const std::filesystem::path& publication,
                        Older older = Older::keep_one);

/// What the folder has in it that says whose it is.
inline constexpr const char* kSiteMarker = ".spotify-site";

}  // namespace sdp::site
