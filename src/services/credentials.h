#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sdp::services {

/// Access to the S3 server of `services up`. Made at random on first use; there are no default ones.
struct Credentials {
  std::string access_key;
  Secret secret_key;
};

/// Reads the credentials of a data folder, or makes them. The file is for its owner alone; one that others
/// can read is refused. Call under the folder's lock.
Result<Credentials> load_or_make_credentials(const std::filesystem::path& data);

/// Nothing when no services were ever started on this folder.
Result<std::optional<Credentials>> load_credentials(const std::filesystem::path& data);

/// So many characters that nobody can guess, of capital letters and digits; 40 at most.
Result<std::string> random_text(std::size_t size);

std::filesystem::path credentials_path(const std::filesystem::path& data);

}  // namespace sdp::services
