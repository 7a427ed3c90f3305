#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace sdp::cli {

/// One line on standard output. Texts come from stores and networks and need not be UTF-8: what is not is
/// replaced, since nlohmann would throw.
inline void print_line(const nlohmann::ordered_json& json) {
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace sdp::cli
