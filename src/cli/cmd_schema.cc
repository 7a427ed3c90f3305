#include "cli/command.h"
#include "cli/standard_output.h"
#include "event/schema.h"

namespace sdp::cli {

void define_schema(settings::Commands& commands, Action& action) {
  auto& command =
      commands.add_reader(commands.parser(), "schema", "Print the JSON Schema of a listening event",
                          "  spotify-pipeline schema > listening-event.schema.json");
  command.when_chosen([&action] {
    action = [](const Runtime&) -> Result<int> {
      print_out("{}", event::json_schema());
      return 0;
    };
  });
}

}  // namespace sdp::cli
