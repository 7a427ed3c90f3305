#pragma once

#include <functional>
#include <string>

#include "cli/command.h"

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class ParseError;
}  // namespace CLI

namespace sdp::cli {

/// What one of our executables is called and offers.
struct Program {
  std::string name;
  std::string description;
  std::string footer;  ///< examples, behind the help
  std::function<void(settings::Commands&, Action&)> define;
};

/// Reads the command line, then `.env`, then runs what was chosen until SIGINT or SIGTERM asks it to stop.
/// The value is the exit code; an error is the last line of the log.
int run_program(const Program& program, int argc, char** argv);

/// The whole of an executable's main. Opens what is closed of the descriptors 0 to 2 before `body` runs,
/// tells an exception of it as an error, and exits with 73 when standard output did not take all that `body`
/// printed and `body` itself succeeded.
int run_main(const std::function<int()>& body);

/// Prints what parsing ended with: help and version to standard output, wrong usage to standard error.
/// The parser's exit code, which is 0 for help and version.
int print_parse_result(const CLI::App& parser, const CLI::ParseError& error);

}  // namespace sdp::cli
