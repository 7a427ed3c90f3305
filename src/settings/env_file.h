#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace sdp::settings {

/// The file that was loaded, and the line of each variable that was taken from it.
struct EnvFile {
  std::filesystem::path path;  ///< empty when there was none
  std::map<std::string, int> lines;
};

/// Puts what the file that SPOTIFY_ENV_FILE names, or `.env` in the working folder, sets of the table's
/// variables into the environment, without replacing what is there. A `.env` that is not a regular file,
/// cannot be read or sets none of them is somebody else's and left alone.
///
/// `misconfigured` names the file, and the line where there is one: a line of ours that cannot be read, or
/// that names a program or a library, which only the environment may; a file that somebody besides us and
/// root owns or can write; a file with secrets that others can read.
Result<EnvFile> load_env_file();
/// The same for the file of that name, which must be there.
Result<EnvFile> load_env_file(const std::filesystem::path& path);

}  // namespace sdp::settings
