#include <memory>

#include "cli/command.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

Result<int> init(const WarehouseSettings& settings, const Runtime& runtime) {
  SDP_TRY(auto warehouse, open_warehouse(settings, Access::read_write, runtime.clock));
  SDP_RETURN_IF_ERROR(warehouse->init());
  runtime.result.set("warehouse", warehouse->describe());
  print_out("{}: database, schemas, bronze tables and ledger are there\n", warehouse->describe());
  SDP_RETURN_IF_ERROR(warehouse->close());
  return 0;
}

}  // namespace

void define_warehouse(settings::Commands& commands, Action& action) {
  auto& parent = commands.add(commands.parser(), "warehouse", "Prepare the warehouse");
  parent.require_command_below();
  const auto warehouse = std::make_shared<WarehouseSettings>();
  auto& command = commands.add(
      parent.parser(), "init",
      "Create the database, the schemas and the bronze tables that do not exist yet; `load` does that, too",
      "  spotify-pipeline warehouse init --warehouse snowflake");
  bind_warehouse(command, *warehouse);
  command.when_chosen([warehouse, &command, &action] {
    action = [warehouse, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, *warehouse));
      return init(*warehouse, runtime);
    };
  });
}

}  // namespace sdp::cli
