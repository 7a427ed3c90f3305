#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::cli {

/// Variables of a `.env` text: lines of `NAME=value`, with `export ` before and one pair of quotes around the
/// value if wanted; blank lines and those that begin with `#` are passed over. Nothing is expanded. Other
/// lines are `misconfigured`, told by number and never by text.
Result<std::map<std::string, std::string>> parse_env(std::string_view text);

/// Puts the pipeline's variables of the file that SPOTIFY_ENV_FILE names, or of `.env` where there is one,
/// into the environment, without replacing what is there. A file with secrets that others can read is
/// refused.
Result<void> load_env_file();
/// The same for one file; that it is missing is `misconfigured`.
Result<void> load_env_file(const std::filesystem::path& path);

}  // namespace sdp::cli
