#pragma once

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/standard_output.h"

namespace sdp::cli {

/// One line on standard output.
inline void print_line(const nlohmann::ordered_json& json) {
  print_out("{}\n", base::dumped(json));
}

}  // namespace sdp::cli
