#include "cli/round_meter.h"

#include <utility>

#include "base/duration_text.h"
#include "cli/publish.h"

namespace sdp::cli {

std::vector<DiskInUse> disks_of_rounds(const WarehouseSettings& warehouse,
                                       const std::filesystem::path& work_dir) {
  std::vector<DiskInUse> disks = disks_of(warehouse);
  disks.push_back({.place = "work", .path = work_dir});
  return disks;
}

RoundMeter::RoundMeter(std::string_view command, metrics::Registry& registry, metrics::Health& health,
                       Clock& clock, std::vector<DiskInUse> disks)
    : command_(command), registry_(registry), health_(health), clock_(clock), disks_(std::move(disks)) {
  registry_.gauge("round_failures", {}).Set(0);
  registry_.counter("round_records_total", {});
  for (const char* result : {"done", "failed", "waited"})
    registry_.histogram("round_duration_seconds", {result});
  tell_disks(command_, disks_, registry_);
  health_.say(metrics::Readiness::first_round);
}

void RoundMeter::on_begin() {
  health_.turned(clock_.steady_now());
}

void RoundMeter::on_end(const RoundEnd& end) {
  health_.turned(clock_.steady_now());
  // That others work on the warehouse, too, changes nothing of what the last round came to.
  if (end.held) {
    registry_.histogram("round_duration_seconds", {"waited"}).Observe(base::in_seconds(end.took));
    return;
  }
  health_.say(end.failed == 0 ? metrics::Readiness::ready : metrics::Readiness::rounds_fail);
  registry_.histogram("round_duration_seconds", {end.failed == 0 ? "done" : "failed"})
      .Observe(base::in_seconds(end.took));
  registry_.gauge("round_failures", {}).Set(end.failed);
  if (end.warehouse_time) {
    registry_.counter("command_warehouse_seconds_total", {command_})
        .Increment(base::in_seconds(*end.warehouse_time));
  }
  tell_disks(command_, disks_, registry_);
  if (end.failed > 0) return;
  registry_.counter("round_records_total", {}).Increment(static_cast<double>(end.records));
  registry_.gauge("round_last_success_timestamp_seconds", {})
      .Set(base::in_seconds(clock_.utc_now().time_since_epoch()));
  if (end.behind_seconds) registry_.gauge("round_behind_seconds", {}).Set(*end.behind_seconds);
}

}  // namespace sdp::cli
