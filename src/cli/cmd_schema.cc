#include <fmt/core.h>

#include "cli/command.h"
#include "event/schema.h"

namespace sdp::cli {

void define_schema(settings::Commands& commands, Action& action) {
  auto& command = commands.add(commands.parser(), "schema", "Print the JSON Schema of a listening event");
  command.parser().callback([&action] {
    action = [](const Runtime&) -> Result<int> {
      fmt::print("{}", event::json_schema());
      return 0;
    };
  });
}

}  // namespace sdp::cli
