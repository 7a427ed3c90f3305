#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/settings.h"
#include "transform/transform.h"

namespace sdp::cli {

struct TransformSettings {
  std::string deps;     ///< folder of tools/setup; empty: looked for
  std::string project;  ///< the dbt project; empty: spotify_dbt beside the deps
  std::string work_dir = "data/transform";
  bool unit_tests = false;
  bool verbose = false;
};

void add_transform_options(CLI::App& command, TransformSettings& settings);
/// Finds dbt and the project. `misconfigured` says what to run when there is none.
Result<transform::TransformOptions> transform_options(const TransformSettings& settings,
                                                      const WarehouseSettings& warehouse);

/// Folder of the recounts of `project`; of the project beside the deps when that is empty. Empty when there
/// is no such project here, as on a machine with nothing but the binary.
std::filesystem::path recounts_folder(const std::string& project);

}  // namespace sdp::cli
