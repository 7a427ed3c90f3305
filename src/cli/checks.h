#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sdp::cli {

/// A line of `doctor`.
struct Check {
  std::string name;
  Result<std::string> outcome;  ///< what was found, or what is wrong and how to fix it
};

void print_checks(const std::vector<Check>& checks, bool json);

}  // namespace sdp::cli
