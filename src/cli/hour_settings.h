#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "lake_reader/load_plan.h"

namespace sdp::cli {

/// Which hours of the lake are wanted; all that is there unless said otherwise.
struct HourSettings {
  bool complete = false;
  std::string to;
};

void add_hour_options(CLI::App& command, HourSettings& settings);
Result<void> apply(const HourSettings& settings, lake_reader::HoursWanted& hours);

}  // namespace sdp::cli
