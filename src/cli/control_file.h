#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "simulate/simulate_runner.h"

namespace sdp::cli {

/// A file by which somebody steers a simulation that runs. What is wrong in it is logged, once, and what held
/// goes on; so does a file that is not there. Owned by one thread.
class ControlFile {
 public:
  ControlFile(std::filesystem::path path, simulate::Steering now) : path_(std::move(path)), now_(now) {}

  /// What holds from now on, where the file has changed that.
  std::optional<simulate::Steering> look();

 private:
  const std::filesystem::path path_;
  simulate::Steering now_;
  std::string seen_;  ///< what it said, or why it could not be read
};

}  // namespace sdp::cli
