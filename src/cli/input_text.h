#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::cli {

/// What somebody hands over: all of a file, a pipe, or standard input for `-`. A pipe may be silent, or
/// nobody may write to it, for as long as they like; the command can be stopped meanwhile (`interrupted`).
/// `misconfigured` when there is nothing that can be read, `bad_input` with `too_large` when there are more
/// than `bytes_max`.
Result<std::string> read_input(const std::string& path, std::size_t bytes_max, std::string_view too_large,
                               const std::stop_token& stop);

}  // namespace sdp::cli
