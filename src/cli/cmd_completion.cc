#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/standard_output.h"
#include "settings/completion.h"

namespace sdp::cli {

void define_completion(settings::Commands& commands, Action& action) {
  using Script = std::string (*)(const settings::Commands&);
  static const std::map<std::string, Script> kScripts = {{"bash", settings::bash_completion},
                                                         {"zsh", settings::zsh_completion},
                                                         {"fish", settings::fish_completion}};
  const auto shell = std::make_shared<std::string>("bash");
  auto& command = commands.add_reader(
      commands.parser(), "completion", "Print a script for a shell that completes commands, flags and values",
      "  source <(spotify-pipeline completion)          in ~/.bashrc\n"
      "  source <(spotify-pipeline completion zsh)      in ~/.zshrc, behind compinit\n"
      "  spotify-pipeline completion fish | source      in ~/.config/fish/config.fish");
  command.parser()
      .add_option("shell", *shell, "bash, zsh or fish; bash unless it is said")
      ->check(CLI::IsMember(kScripts));
  command.when_chosen([shell, &commands, &action] {
    action = [shell, &commands](const Runtime&) -> Result<int> {
      print_out("{}", kScripts.at(*shell)(commands));
      return 0;
    };
  });
}

}  // namespace sdp::cli
