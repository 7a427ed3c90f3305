#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/settings.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

Result<int> init(const WarehouseSettings& settings, const Runtime& runtime) {
  SDP_TRY(auto warehouse, open_warehouse(settings, Access::read_write, runtime.clock));
  SDP_RETURN_IF_ERROR(warehouse->init());
  fmt::print("{}: database, schemas, bronze tables and ledger are there\n", warehouse->describe());
  SDP_RETURN_IF_ERROR(warehouse->close());
  return 0;
}

}  // namespace

void define_warehouse(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("warehouse", "The warehouse itself");
  command->require_subcommand(1);
  auto* init_command = command->add_subcommand(
      "init", "Create what is missing of database, schemas and bronze tables; `load` does so, too");
  const auto settings = std::make_shared<WarehouseSettings>();
  add_warehouse_options(*init_command, *settings);
  init_command->callback([settings, &action] {
    action = [settings](const Runtime& runtime) { return init(*settings, runtime); };
  });
}

}  // namespace sdp::cli
