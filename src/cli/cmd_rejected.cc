#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/transform_command.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct RejectedOptions {
  std::string data;
  WarehouseSettings warehouse;
  RejectedFilter filter;
  bool json = false;
};

std::unexpected<Error> no_silver(const warehouse::Warehouse& warehouse) {
  return fail(ErrorKind::misconfigured,
              fmt::format("{}: nothing was judged yet; run transform first", warehouse.describe()));
}

Result<int> list(const RejectedOptions& options, const Runtime& runtime) {
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  SDP_TRY(const auto rejected, rejected_in_silver(*warehouse));
  if (!rejected) return no_silver(*warehouse);
  if (options.json) {
    print_line({{"schema_version", 1},
                {"rejected", rejected->events},
                {"faults", rejected->faults()},
                {"not_rejected", rejected->taken},
                {"rejected_for", to_json(*rejected)}});
  } else {
    print_rejected(*rejected);
    if (rejected->events == 0) print_out("0 of {} records are rejected\n", with_commas(rejected->taken));
  }
  return 0;
}

Result<int> show(const RejectedOptions& options, const Runtime& runtime) {
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  SDP_TRY(const auto events, rejected_events(*warehouse, options.filter));
  if (!events) return no_silver(*warehouse);
  for (const RejectedEvent& event : *events)
    write_out(options.json ? rejected_json(event) : rejected_text(event));
  return 0;
}

}  // namespace

void define_rejected(settings::Commands& commands, Action& action) {
  auto& parent = commands.add(commands.parser(), "rejected", "Show the records that were rejected, and why");
  parent.require_command_below();
  const auto options = std::make_shared<RejectedOptions>();
  const auto define = [&](const char* name, const char* help, const char* examples,
                          Result<int> (*run)(const RejectedOptions&, const Runtime&)) -> settings::Command& {
    auto& command = commands.add_reader(parent.parser(), name, help, examples);
    command.bind("rejected.data", options->data);
    bind_warehouse(command, options->warehouse);
    command.bind("output.json", options->json);
    command.when_chosen([options, run, &command, &action] {
      action = [options, run, &command](const Runtime& runtime) -> Result<int> {
        RejectedOptions finished = *options;
        SDP_TRY(finished.warehouse, finished_warehouse(command, options->data, options->warehouse));
        return run(finished, runtime);
      };
    });
    return command;
  };
  define("list",
         "Count the rejected records by reason and field, and show where the first of each is; a record that "
         "breaks several rules counts for each",
         "  spotify-pipeline rejected list --data data  of what `run` has put there\n"
         "  spotify-pipeline rejected list --json       for a program",
         list);
  auto& show_command = define(
      "show", "Show rejected records in the order of the log: what was sent, and all that is wrong with it",
      "  spotify-pipeline rejected show --reason missing_field --field user_id", show);
  show_command.bind("rejected.reason", options->filter.reason);
  show_command.bind("rejected.field", options->filter.field);
  show_command.bind("rejected.limit", options->filter.limit);
  const auto transform = std::make_shared<TransformCommand>();
  auto& rejudge = commands.add(
      parent.parser(), "rejudge",
      "Judge the events that silver has rejected again, after a rule was corrected; runs transform",
      "  spotify-pipeline rejected rejudge");
  bind_transform_command(rejudge, *transform);
  rejudge.when_chosen([transform, &rejudge, &action] {
    action = [transform, &rejudge](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(rejudge, transform->warehouse));
      return transform_and_tell(*transform, {"--vars", "{judge_again: true}"}, runtime);
    };
  });
}

}  // namespace sdp::cli
