#pragma once

#include <nlohmann/json.hpp>

#include "cli/standard_output.h"

namespace sdp::cli {

/// One line on standard output. Texts come from stores and networks and need not be UTF-8: what is not is
/// replaced, since nlohmann would throw.
inline void print_line(const nlohmann::ordered_json& json) {
  print_out("{}\n", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace sdp::cli
