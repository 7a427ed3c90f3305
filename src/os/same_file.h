#pragma once

#include <filesystem>

namespace sdp::os {

/// Whether a name leads to an open file, and not to one that somebody made there since.
bool has_name(int fd, const std::filesystem::path& name);

}  // namespace sdp::os
