#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"
#include "transform/transform.h"

namespace sdp::support {

/// A folder with a project, a work folder, and a shell script in the place of dbt.
class StandInDbt {
 public:
  StandInDbt() {
    std::filesystem::create_directories(folder() / "project");
    std::ofstream(folder() / "project" / "dbt_project.yml") << "name: x\n";
  }

  const std::filesystem::path& folder() const { return temporary_.path(); }

  transform::TransformOptions options() const {
    return {.dbt_path = folder() / "dbt",
            .project_dir = folder() / "project",
            .warehouse_path = folder() / "spotify_db.duckdb",
            .work_dir = folder() / "work"};
  }

  /// What dbt does from now on.
  void does(const std::string& script) {
    std::ofstream(folder() / "dbt") << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(folder() / "dbt", std::filesystem::perms::owner_all);
  }

 private:
  TemporaryFolder temporary_;
};

}  // namespace sdp::support
