#include "cli/command.h"
#include "cli/standard_output.h"
#include "settings/documents.h"

namespace sdp::cli {

void define_completion(settings::Commands& commands, Action& action) {
  auto& command = commands.add_reader(commands.parser(), "completion",
                                      "Print a script for bash that completes commands and flags",
                                      "  source <(spotify-pipeline completion)");
  command.parser().callback([&commands, &action] {
    action = [&commands](const Runtime&) -> Result<int> {
      print_out("{}", settings::bash_completion(commands));
      return 0;
    };
  });
}

}  // namespace sdp::cli
