#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/disks.h"
#include "cli/live.h"
#include "cli/settings.h"
#include "metrics/health.h"
#include "metrics/registry.h"

namespace sdp::cli {

/// How long a round may take: as long as its build by dbt, and the load before it; then it may rest.
inline std::chrono::milliseconds round_max(std::chrono::milliseconds build_max,
                                           std::chrono::milliseconds every = {}) {
  return 2 * build_max + every;
}

/// Where rounds write.
std::vector<DiskInUse> disks_of_rounds(const WarehouseSettings& warehouse,
                                       const std::filesystem::path& work_dir);

/// What the rounds of a pipeline tell those who watch it.
class RoundMeter final : public RoundObserver {
 public:
  /// What it is given outlives it. `command`: whose rounds they are. `disks`: where they write.
  RoundMeter(std::string_view command, metrics::Registry& registry, metrics::Health& health, Clock& clock,
             std::vector<DiskInUse> disks);

  void on_begin() override;
  void on_end(const RoundEnd& end) override;
  void on_stop() override { health_.say(metrics::Readiness::stopping); }

 private:
  const std::string_view command_;
  metrics::Registry& registry_;
  metrics::Health& health_;
  Clock& clock_;
  const std::vector<DiskInUse> disks_;
};

}  // namespace sdp::cli
