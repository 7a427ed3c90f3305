#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/standard_output.h"
#include "log/kafka/probe.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::cli {

void define_version(settings::Commands& commands, Action& action) {
  auto& command = commands.add_reader(commands.parser(), "version",
                                      "Print the versions of this program and of its libraries",
                                      "  spotify-pipeline version --json  for a program");
  const auto json = std::make_shared<bool>(false);
  command.bind("output.json", *json);
  command.when_chosen([json, &action] {
    action = [json](const Runtime&) -> Result<int> {
      if (*json) {
        print_line({{"schema_version", 1},
                    {"version", kVersion},
                    {"librdkafka", log::kafka::library_version()},
                    {"duckdb", warehouse::DuckDbWarehouse::library_version()}});
      } else {
        print_out("spotify-pipeline {} (librdkafka {}, DuckDB {})\n", kVersion, log::kafka::library_version(),
                  warehouse::DuckDbWarehouse::library_version());
      }
      return 0;
    };
  });
}

}  // namespace sdp::cli
