#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sdp::local {

/// Access to the S3 server that `spotify-services up` starts.
struct Credentials {
  std::string access_key;
  Secret secret_key;
};

/// The file `credentials.env` of a data folder of local servers.
std::filesystem::path credentials_path(const std::filesystem::path& data);

/// Nothing when no servers were ever started on this folder. `misconfigured` when other users can read the
/// file, or when a key is missing in it.
Result<std::optional<Credentials>> load_credentials(const std::filesystem::path& data);

/// Replaces the file, which only its owner may read.
Result<void> write_credentials(const std::filesystem::path& data, const Credentials& credentials);

}  // namespace sdp::local
