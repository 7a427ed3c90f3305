#include <duckdb.h>
#include <fmt/core.h>
#include <librdkafka/rdkafka.h>

#include <memory>

#include "cli/command.h"

namespace sdp::cli {

void define_version(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("version", "This program's version and its libraries'");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "One JSON object");
  command->callback([json, &action] {
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
