#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/kept_oracle.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "load/load_runner.h"
#include "log/event_log.h"
#include "metrics/registry.h"
#include "simulate/event_source.h"
#include "simulate/transaction_plan.h"
#include "sink/sink_runner.h"
#include "store/object_store.h"
#include "transform/transform.h"

namespace sdp::cli {

/// What takes the lake to marts.
struct MartParts {
  store::ObjectStore& store;
  WarehouseSettings warehouse;
  load::OtherLake other_lake = load::OtherLake::refuse;
  transform::TransformOptions transform;
  double reject_ratio_max = kRejectRatioMax;
  /// From the begin of one round to that of the next at least; 0: what rounds cost decides alone.
  std::chrono::milliseconds every{0};
};

/// Events from elsewhere than the simulator.
struct Feed {
  simulate::EventSource* source = nullptr;
  std::uint64_t events = 0;
  std::function<Result<void>()> in_lake;  ///< called once all of them are in the lake
};

/// What a whole run works on, whatever stands behind the ports.
struct PipelineParts {
  log::EventLog& log;
  MartParts marts;
  sink::SinkOptions sink;
  simulate::SimulationSpec simulation;
  simulate::TransactionRates transactions;
  /// Nothing: the events are simulated.
  std::optional<Feed> feed;
  /// Witness files of a log that dies with this process; empty when the log can be read again.
  std::filesystem::path witness_root;
  /// What the marts must hold: told while events are made, compared at the end. Null: nobody asked for it, or
  /// `no_oracle` says why there is none.
  KeptOracle* oracle = nullptr;
  std::string no_oracle;
  std::string labels;            ///< the side file of faulty records; empty: none
  std::filesystem::path report;  ///< the page of the result; empty: none
  std::string to_see;            ///< the command that shows what was published
  /// Of a run that is watched: who hears of its sink, and what its simulation is counted in. Null: nobody
  /// watches.
  sink::SinkObserver* sink_observer = nullptr;
  metrics::Registry* registry = nullptr;
  /// A live run: what else goes on, on a thread of its own, while events come. It ends on the stop, or with
  /// an error that ends the run.
  std::function<Result<void>(const std::stop_token& stop)> live;
};

/// A load of what is new in the lake, and the warehouse's name for people.
struct Loaded {
  load::LoadSummary summary;
  std::string warehouse;
};

Result<Loaded> load_lake(const MartParts& parts, Clock& clock, const std::stop_token& stop);

/// Simulate and sink at the same time, then load, transform, publish, verify, and the page of all that;
/// prints the marts, the proof and how fast each stage was. The value is the exit code: 0 when proved, 20
/// when not; `partial` when all of that was done but an object that could not be loaded. A live run simulates
/// until it is stopped, and then does all the rest.
Result<int> run_pipeline(const PipelineParts& parts, const Runtime& runtime);

}  // namespace sdp::cli
