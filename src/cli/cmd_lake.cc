#include <fmt/core.h>

#include <memory>
#include <string>

#include "base/text_table.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/sinks_stopped.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "upgrade/upgrade.h"

namespace sdp::cli {
namespace {

struct LakeOptions {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  log::ConsumerOptions consumer;
  bool dry_run = false;
  bool sinks_stopped = false;
  bool json = false;
};

void print_text(const upgrade::UpgradeSummary& summary, bool dry_run) {
  for (const std::string& key : summary.foreign)
    print_out("{} is none of the lake's and is left there\n", key);
  const bool is_old = summary.layout_before == 1;
  if (dry_run && is_old) {
    print_out("layout 1: {} markers, begins and gaps would be moved to layout 2; {} of {} stay\n",
              summary.files, base::plural(summary.objects, "object"), base::plural(summary.chains, "chain"));
  } else if (is_old) {
    print_out("layout 2 now: {} markers, begins and gaps were moved; {} of {} stay\n", summary.files,
              base::plural(summary.objects, "object"), base::plural(summary.chains, "chain"));
  } else if (dry_run && summary.files > 0) {
    print_out("layout 2: {} of layout 1 would be removed, which an upgrade left\n",
              base::plural(summary.files, "file"));
  } else if (summary.removed > 0) {
    print_out("layout 2: removed {} of layout 1, which an upgrade had left\n",
              base::plural(summary.removed, "file"));
  } else {
    print_out("layout 2: nothing to do\n");
  }
}

void print_json(const upgrade::UpgradeSummary& summary, bool dry_run) {
  print_line({{"schema_version", 1},
              {"dry_run", dry_run},
              {"layout_before", summary.layout_before},
              {"layout", dry_run ? summary.layout_before : 2},
              {"chains", summary.chains},
              {"objects", summary.objects},
              {"files", summary.files},
              {"copied", summary.copied},
              {"removed", summary.removed},
              {"foreign", summary.foreign}});
}

Result<int> run_upgrade(const LakeOptions& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  upgrade::UpgradeOptions upgrade;
  upgrade.dry_run = options.dry_run;
  upgrade.check_sinks_stopped = [&]() -> Result<void> {
    if (options.sinks_stopped) return {};
    return check_sinks_stopped(options.log, options.services, options.consumer.group, "", "the upgrade");
  };
  upgrade.progress = [](std::string_view step, std::uint64_t done, std::uint64_t total) {
    diag::log_event("upgrade.progress", {{"step", step}, {"done", done}, {"total", total}});
  };
  SDP_TRY(const auto summary, upgrade::upgrade(*lake.store, upgrade, runtime.stop));
  options.json ? print_json(summary, options.dry_run) : print_text(summary, options.dry_run);
  return 0;
}

}  // namespace

void define_lake(settings::Commands& commands, Action& action) {
  auto& parent = commands.add(commands.parser(), "lake", "Upgrade or repair a lake");
  parent.require_command_below();
  const auto options = std::make_shared<LakeOptions>();
  auto& command =
      commands.add(parent.parser(), "upgrade",
                   "Convert a lake of layout 1 to layout 2; all sinks must be stopped, and it exits with 75 "
                   "while one is running",
                   "  spotify-pipeline lake upgrade --dry-run        only print what would be done\n"
                   "  spotify-pipeline lake upgrade --sinks-stopped  do not ask Kafka whether sinks run");
  bind_log(command, options->log);
  command.bind("kafka.group", options->consumer.group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.bind("upgrade.dry-run", options->dry_run);
  command.bind("upgrade.sinks-stopped", options->sinks_stopped);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      return run_upgrade(*options, runtime);
    };
  });
  define_lake_repair(commands, parent.parser(), action);
}

}  // namespace sdp::cli
