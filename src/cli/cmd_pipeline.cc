#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/live.h"
#include "cli/load_output.h"
#include "cli/logging.h"
#include "cli/probe.h"
#include "cli/program_registry.h"
#include "cli/publish.h"
#include "cli/rejected.h"
#include "cli/round_meter.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "metrics/health.h"
#include "monitor/monitor.h"

namespace sdp::cli {
namespace {

struct PipelineOptions {
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  TransformSettings transform;
  load::OtherLake other_lake = load::OtherLake::refuse;
  double reject_ratio_max = kRejectRatioMax;
  std::chrono::milliseconds every{0};
  std::string listen;  ///< empty: nobody watches
  bool probe = false;
};

/// A line for each round.
constexpr std::string_view kLevels = "info,load=warning,transform=warning,publish=warning,progress=warning";

/// Counts rounds for the command's result.
class RoundCounter final : public RoundObserver {
 public:
  explicit RoundCounter(RoundObserver& next) : next_(next) {}

  void on_begin() override { next_.on_begin(); }
  void on_end(const RoundEnd& end) override {
    rounds_ += end.held ? 0 : 1;
    failed_ += end.failed > 0;
    publications_ += end.records > 0 || end.behind_seconds.has_value();
    records_ += end.records;
    next_.on_end(end);
  }
  void on_stop() override { next_.on_stop(); }

  void tell(ResultObject& result) const {
    result.set("rounds", rounds_);
    result.set("rounds_failed", failed_);
    result.set("publications", publications_);
    result.set("records", records_);
  }

 private:
  RoundObserver& next_;
  std::uint64_t rounds_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t publications_ = 0;
  std::uint64_t records_ = 0;
};

Result<int> run(const PipelineOptions& options, const Runtime& runtime) {
  log_by_default(kLevels);
  if (!is_published(options.warehouse)) {
    return fail(ErrorKind::misconfigured,
                "pipeline publishes after each round, and no folder is named for that; set --published");
  }
  ProgramRegistry registry;
  const std::chrono::milliseconds longest = round_max(options.transform.time_limit, options.every);
  metrics::Health health(longest, runtime.clock.steady_now(), longest);
  RoundMeter meter("pipeline", registry, health, runtime.clock,
                   disks_of_rounds(options.warehouse, options.transform.work_dir));
  SDP_TRY(const auto monitor, monitor::Monitor::watch(options.listen, {registry, health, runtime.clock}));
  SDP_TRY(const auto lake, open_lake(options.lake, options.services, runtime.clock));
  MartParts parts{.store = *lake.store,
                  .warehouse = options.warehouse,
                  .other_lake = options.other_lake,
                  .transform = {},
                  .reject_ratio_max = options.reject_ratio_max,
                  .every = options.every};
  SDP_TRY(parts.transform, transform_options(options.transform, options.warehouse));
  runtime.result.set("warehouse", options.warehouse.place);
  runtime.result.set("published", published_folder(options.warehouse).string());
  RoundCounter counter(meter);
  const auto kept_up = keep_up(parts, runtime, runtime.stop, &counter);
  counter.tell(runtime.result);
  if (!kept_up) return std::unexpected(kept_up.error());
  const KeptUp& last = *kept_up;
  SDP_RETURN_IF_ERROR(load_outcome(last.loaded));
  if (last.rejected) SDP_RETURN_IF_ERROR(check_rejected(*last.rejected, options.reject_ratio_max));
  return 0;
}

}  // namespace

void define_pipeline(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<PipelineOptions>();
  auto& command = commands.add(
      commands.parser(), "pipeline",
      "Keep the marts up to date with the lake until Ctrl-C: load, transform and publish in rounds, with a "
      "dbt that stays loaded. A round that fails is tried again, and readers keep what was published. The "
      "sink runs beside it; `verify` proves the result",
      "  spotify-pipeline pipeline                                      beside a sink, on one machine\n"
      "  spotify-pipeline pipeline --warehouse snowflake --published /srv/published --every 900\n"
      "  spotify-pipeline pipeline --listen 127.0.0.1:9108              metrics and health at that address");
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  bind_transform(command, options->transform);
  command.bind("dbt.mapping", options->transform.mapping);
  command.bind("dbt.work-dir", options->transform.work_dir);
  command.bind("publish.folder", options->warehouse.published);
  command.bind("run.every-s", options->every);
  command.bind("dbt.max-reject-ratio", options->reject_ratio_max);
  bind_other_lake(command, options->other_lake);
  command.bind("metrics.listen", options->listen);
  command.bind("metrics.probe", options->probe);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      if (options->probe) return print_readiness(options->listen, "the pipeline");
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
