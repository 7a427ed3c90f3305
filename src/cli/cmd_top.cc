#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/look.h"
#include "cli/out_reader.h"
#include "cli/standard_output.h"
#include "cli/top.h"
#include "cli/watching.h"

namespace sdp::cli {
namespace {

struct Options {
  LookSettings look;
  std::chrono::seconds every{1};
};

/// What could be reached once, and cannot now, is said and asked again.
Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(const LookedAt places, open_look(options.look, runtime.clock));
  end_quietly_without_reader();
  const bool redraws = out_is_terminal() && !options.look.json;
  Top top;
  bool was_reached = false;
  do {
    const auto status = places.reader->look();
    if (runtime.stop.stop_requested()) break;
    if (!status && !(was_reached && may_pass(status.error()))) return std::unexpected(status.error());
    was_reached = true;
    if (status) top.look(*status);
    if (redraws) write_out(kClearScreen);
    if (!status) {
      print_failed_look(options.look, status.error(), runtime.clock);
    } else if (options.look.json) {
      print_line(top.to_json());
    } else {
      write_out(redraws ? top.to_text() : top.to_line());
    }
    flush_out();
  } while (!out_has_failed() && wait_unless_stopped(runtime.stop, options.every));
  return 0;
}

}  // namespace

void define_top(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
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
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(finish_look(command, options->look));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
