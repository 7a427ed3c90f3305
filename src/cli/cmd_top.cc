#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/look.h"
#include "cli/standard_output.h"
#include "cli/top.h"

namespace sdp::cli {
namespace {

struct TopOptions {
  LookSettings look;
  std::chrono::seconds every{1};
};

Result<int> run(const TopOptions& options, const Runtime& runtime) {
  Top top;
  return keep_looking(options.look, options.every, runtime, [&](const Status& status, Shown shown) {
    top.look(status);
    switch (shown) {
      case Shown::json:
        return print_line(top.to_json());
      case Shown::screen:
        return write_out(top.to_text());
      case Shown::line:
        return write_out(top.to_line());
    }
  });
}

}  // namespace

void define_top(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<TopOptions>();
  auto& command = commands.add_reader(
      commands.parser(), "top",
      "Watch the pipeline at work until Ctrl-C: how fast each stage gets on, how far it is behind the one "
      "before it, and when it will have caught up. A screen on a terminal, a line a look elsewhere. Opens no "
      "warehouse and writes nothing",
      "  spotify-pipeline top            look every second\n"
      "  spotify-pipeline top --every 10 look every 10 seconds\n"
      "  spotify-pipeline top --json     an object a look, for a program");
  bind_look(command, options->look);
  command.bind("top.every-s", options->every);
  command.when_chosen([options, &commands, &command, &action] {
    action = [options, &commands, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(finish_look(commands, command, options->look));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
