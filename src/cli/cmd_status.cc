#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/look.h"
#include "cli/standard_output.h"
#include "cli/status.h"

namespace sdp::cli {
namespace {

struct StatusOptions {
  LookSettings look;
  std::int64_t lag_max = 0;
  std::chrono::seconds watch{0};  ///< 0: once
};

void print(const Status& status, Shown shown) {
  switch (shown) {
    case Shown::json:
      return print_line(to_json(status));
    case Shown::screen:
      return write_out(to_text(status));
    case Shown::line:
      return write_out(to_line(status));
  }
}

Result<int> run_once(const StatusOptions& options, const Runtime& runtime) {
  SDP_TRY(const LookedAt places, open_look(options.look, runtime.clock));
  SDP_TRY(const Status status, places.reader->look());
  print(status, options.look.json ? Shown::json : Shown::screen);
  return lag_of(status) > options.lag_max ? kUnhealthy : 0;
}

}  // namespace

void define_status(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<StatusOptions>();
  auto& command = commands.add_reader(
      commands.parser(), "status",
      "Show where the pipeline stands: how far each stage is behind the one before it, how new it is, which "
      "hours are closed, what was proved, and what to do next; exits with 10 when the lake is behind the "
      "log. "
      "Opens no warehouse: what lies behind the lake is that of the last publication",
      "  spotify-pipeline status --watch        again every 2 seconds, until Ctrl-C\n"
      "  spotify-pipeline status --json         for a program\n"
      "  spotify-pipeline status --lag-max 1000 for a health check");
  bind_look(command, options->look);
  command.bind("status.lag-max", options->lag_max);
  command.bind("status.watch-s", options->watch);
  command.when_chosen([options, &commands, &command, &action] {
    action = [options, &commands, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(finish_look(commands, command, options->look));
      return options->watch.count() > 0 ? keep_looking(options->look, options->watch, runtime, print)
                                        : run_once(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
