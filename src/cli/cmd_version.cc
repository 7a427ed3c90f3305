#include <duckdb.h>
#include <fmt/core.h>
#include <librdkafka/rdkafka.h>

#include <memory>

#include "cli/command.h"

namespace sdp::cli {

void define_version(settings::Commands& commands, Action& action) {
  auto& command = commands.add(commands.parser(), "version", "This program's version and its libraries'");
  const auto json = std::make_shared<bool>(false);
  command.bind("output.json", *json);
  command.parser().callback([json, &action] {
    action = [json](const Runtime&) -> Result<int> {
      if (*json) {
        fmt::print("{{\"schema_version\":1,\"version\":\"{}\",\"librdkafka\":\"{}\",\"duckdb\":\"{}\"}}\n",
                   kVersion, rd_kafka_version_str(), duckdb_library_version());
      } else {
        fmt::print("spotify-pipeline {} (librdkafka {}, DuckDB {})\n", kVersion, rd_kafka_version_str(),
                   duckdb_library_version());
      }
      return 0;
    };
  });
}

}  // namespace sdp::cli
