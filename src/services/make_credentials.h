#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "local/credentials.h"

namespace sdp::services {

/// Reads the credentials of a data folder, or makes them at random; there are no default ones. Call under the
/// folder's lock.
Result<local::Credentials> load_or_make_credentials(const std::filesystem::path& data);

/// So many characters that nobody can guess, of capital letters and digits; 40 at most.
Result<std::string> random_text(std::size_t size);

}  // namespace sdp::services
