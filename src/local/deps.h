#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace sdp::local {

/// The folder of fetched programs that tools/setup fills: `given`, or when that is empty, .deps in the
/// working folder if nobody besides us and root owns it or can write it, or else the first .deps beside a
/// parent folder of the executable (a build inside the checkout). `misconfigured` says which command fills
/// it.
Result<std::filesystem::path> find_deps(const std::filesystem::path& given,
                                        const std::filesystem::path& working_folder,
                                        const std::filesystem::path& executable);

/// The same for this process.
Result<std::filesystem::path> find_deps(const std::filesystem::path& given);

}  // namespace sdp::local
