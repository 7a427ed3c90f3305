#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "log/event_log.h"
#include "sink/sink_runner.h"
#include "store/object_store.h"
#include "transform/transform.h"

namespace sdp::cli {

/// What a whole run works on, whatever stands behind the ports.
struct PipelineParts {
  log::EventLog& log;
  store::ObjectStore& store;
  WarehouseSettings warehouse;
  load::OtherLake other_lake = load::OtherLake::refuse;
  double reject_ratio_max = kRejectRatioMax;
  transform::TransformOptions transform;
  sink::SinkOptions sink;
  simulate::SimulationSpec simulation;
  /// Witness files of a log that dies with this process; empty when the log can be read again.
  std::filesystem::path witness_root;
};

/// Simulate and sink at the same time, then load, transform, verify; prints the marts, the proof and how fast
/// each stage was. The value is the exit code: 0 when proved, 20 when not; `partial` when all of that was
/// done but an object that could not be loaded.
Result<int> run_pipeline(const PipelineParts& parts, const Runtime& runtime);

}  // namespace sdp::cli
