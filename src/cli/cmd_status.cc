#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/look.h"
#include "cli/out_reader.h"
#include "cli/standard_output.h"
#include "cli/status.h"
#include "cli/watching.h"

namespace sdp::cli {
namespace {

struct Options {
  LookSettings look;
  std::int64_t lag_max = 0;
  std::chrono::seconds watch{0};  ///< 0: once
};

void print(const Options& options, const Status& status) {
  if (options.look.json) {
    print_line(to_json(status));
  } else {
    write_out(to_text(status));
  }
}

Result<int> run_once(const Options& options, const Runtime& runtime) {
  SDP_TRY(const LookedAt places, open_look(options.look, runtime.clock));
  SDP_TRY(const Status status, places.reader->look());
  print(options, status);
  return lag_of(status) > options.lag_max ? kUnhealthy : 0;
}

/// A screen that is drawn again, or lines where nobody looks at a screen. What cannot be reached now is said
/// and asked again.
Result<int> watch(const Options& options, const Runtime& runtime) {
  SDP_TRY(const LookedAt places, open_look(options.look, runtime.clock));
  end_quietly_without_reader();
  const bool redraws = out_is_terminal() && !options.look.json;
  do {
    const auto status = places.reader->look();
    if (runtime.stop.stop_requested()) break;
    if (!status && !may_pass(status.error())) return std::unexpected(status.error());
    if (redraws) write_out(kClearScreen);
    if (!status) {
      print_failed_look(options.look, status.error(), runtime.clock);
    } else if (options.look.json || redraws) {
      print(options, *status);
    } else {
      write_out(to_line(*status));
    }
    flush_out();
  } while (!out_has_failed() && wait_unless_stopped(runtime.stop, options.watch));
  return 0;
}

}  // namespace

void define_status(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
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
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(finish_look(command, options->look));
      return options->watch.count() > 0 ? watch(*options, runtime) : run_once(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
