#include <fmt/core.h>

#include "cli/command.h"
#include "event/schema.h"

namespace sdp::cli {

void define_schema(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("schema", "Print the JSON Schema of a listening event");
  command->callback([&action] {
    action = [](const Runtime&) -> Result<int> {
      fmt::print("{}", event::json_schema());
      return 0;
    };
  });
}

}  // namespace sdp::cli
