#pragma once

#include <filesystem>
#include <string_view>

#include "transform/transform.h"

namespace sdp::transform {

/// dbt's own name for what it keeps of a project that it has read.
inline constexpr std::string_view kParsedFile = "partial_parse.msgpack";

/// The user's folder for what can be made again (XDG_CACHE_HOME, or `.cache` at home), and in it ours. Empty
/// where there is none.
std::filesystem::path user_cache_dir();

/// Gives dbt what it made of the same project in another work folder. Nothing where it has its own, or where
/// none was kept. dbt itself compares it with the project, and reads again what is another.
void take_parsed(const TransformOptions& options);
/// Keeps what dbt made of the project for other work folders; of projects that were not used for the longest
/// time it is removed. Failures are not told: dbt reads the project again then.
void keep_parsed(const TransformOptions& options);
/// The file in which workers keep, beside the parsed project, what they compiled of it; empty where nothing
/// is kept. It may not exist yet.
std::filesystem::path kept_code(const TransformOptions& options);

}  // namespace sdp::transform
