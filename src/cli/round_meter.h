#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/disks.h"
#include "cli/live.h"
#include "metrics/health.h"
#include "metrics/registry.h"

namespace sdp::cli {

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
