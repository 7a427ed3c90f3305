#include <memory>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/publish.h"
#include "cli/settings.h"
#include "cli/standard_output.h"

namespace sdp::cli {
namespace {

struct Options {
  WarehouseSettings warehouse;
  bool json = false;
};

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(const auto path, publish_marts(options.warehouse, runtime));
  if (!path) {
    return fail(ErrorKind::misconfigured,
                options.warehouse.is_snowflake()
                    ? "publish copies a DuckDB warehouse; readers ask Snowflake itself"
                    : "publish: --published is none, so there is nothing to do; name a folder");
  }
  if (options.json) {
    print_line({{"schema_version", 1}, {"path", path->string()}});
  } else {
    print_out("{}\n", path->string());
  }
  return 0;
}

}  // namespace

void define_publish(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add(
      commands.parser(), "publish",
      "Copy the marts of a DuckDB warehouse into a file that clients may read at any time; prints its path",
      "  duckdb -readonly \"$(spotify-pipeline publish)\" -c 'FROM MART.TOP_SONGS'");
  bind_warehouse(command, options->warehouse);
  command.bind("publish.folder", options->warehouse.published);
  command.bind("output.json", options->json);
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
