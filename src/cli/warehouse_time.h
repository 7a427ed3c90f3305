#pragma once

#include <chrono>

#include "cli/command.h"
#include "cli/settings.h"

namespace sdp::cli {

/// While it lives, a warehouse that is paid for may work; the time is what the command tells of it. Nothing
/// of one that is not paid for.
class WarehouseTime {
 public:
  WarehouseTime(const WarehouseSettings& warehouse, const Runtime& runtime)
      : is_paid_(warehouse.is_snowflake()), runtime_(runtime), begun_(runtime.clock.steady_now()) {}
  ~WarehouseTime() {
    if (!is_paid_) return;
    auto& time = runtime_.work.warehouse_time;
    time = time.value_or(std::chrono::milliseconds(0)) +
           std::chrono::duration_cast<std::chrono::milliseconds>(runtime_.clock.steady_now() - begun_);
  }
  WarehouseTime(const WarehouseTime&) = delete;
  WarehouseTime& operator=(const WarehouseTime&) = delete;

 private:
  const bool is_paid_;
  const Runtime& runtime_;
  const SteadyTime begun_;
};

}  // namespace sdp::cli
