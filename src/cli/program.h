#pragma once

#include <functional>
#include <string>

#include "cli/command.h"

namespace sdp::cli {

/// What one of our executables is called and offers.
struct Program {
  std::string name;
  std::string description;
  std::string footer;  ///< examples, behind the help
  std::function<void(settings::Commands&, Action&)> define;
};

/// Reads `.env`, then the command line, then runs what was chosen until SIGINT or SIGTERM asks it to stop.
/// The value is the exit code; an error is the last line of the log.
int run_program(const Program& program, int argc, char** argv);

}  // namespace sdp::cli
