#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::settings {

/// A variable of a `.env` text.
struct EnvLine {
  std::string value;
  int line = 0;  ///< the first line is 1
};

/// Variables of a `.env` text: lines of `NAME=value`, with `export ` before and one pair of quotes around the
/// value if wanted; blank lines and those that begin with `#` are passed over. Nothing is expanded. Other
/// lines are `misconfigured`, told by number and never by text.
Result<std::map<std::string, EnvLine>> parse_env(std::string_view text);

/// The file that was loaded, and the line of each variable that was taken from it.
struct EnvFile {
  std::filesystem::path path;  ///< empty when there was none
  std::map<std::string, int> lines;
};

/// Puts the variables of the table that are in the file that SPOTIFY_ENV_FILE names, or in `.env` where there
/// is one, into the environment, without replacing what is there. A file with secrets that others can read is
/// refused.
Result<EnvFile> load_env_file();
/// The same for one file; that it is missing is `misconfigured`.
Result<EnvFile> load_env_file(const std::filesystem::path& path);

}  // namespace sdp::settings
