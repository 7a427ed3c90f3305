#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/event_log.h"
#include "simulate/event_source.h"
#include "simulate/fault_injector.h"
#include "simulate/oracle.h"
#include "simulate/oracle_marts.h"
#include "simulate/outlets.h"
#include "simulate/pacer.h"
#include "simulate/placed_labels.h"
#include "simulate/simulate_observer.h"
#include "simulate/source_ahead.h"
#include "simulate/transaction_plan.h"

namespace sdp::simulate {

struct SimulateOptions {
  /// Show each event whatever the rate.
  bool verbose = false;
  /// How long the end waits for the log to confirm what was sent.
  std::chrono::milliseconds flush_timeout{30'000};
  TransactionRates transactions = {};
  /// So many make and encode events, the one that sends them among them (SourceAhead). The records are the
  /// same whatever their number.
  int threads = 1;
};

struct SimulateSummary {
  std::uint64_t produced = 0;
  std::uint64_t acked = 0;
  /// Records of transactions that were aborted; each was sent again, and is one of `produced`.
  std::uint64_t aborted = 0;
  std::chrono::milliseconds elapsed{0};
  /// True when a stop was asked for before the source ended.
  bool stopped = false;
  /// The stop came behind so many events of the source, and records that had been held back were sent.
  /// Nothing: there were none.
  std::optional<std::uint64_t> stopped_after;
  /// Rates of faults were changed while it ran, so that the spec does not tell its records.
  bool steered = false;
  /// When the log took the last of them.
  NewestRecord newest;
};

/// What may change while a simulation runs.
struct Steering {
  double rate = 0;
  FaultRates faults;
};

/// Sends the records of a source's events, with the faults of the spec among them, to a log, paced by the
/// spec's rate and speed: key = user id as text (so the events of a listener keep their order), value = the
/// event's JSON. Everything it is given outlives it. Owned by one thread; nobody else asks
/// the source.
class SimulateRunner {
 public:
  SimulateRunner(const SimulationSpec& spec, EventSource& source, Outlets outlets, Clock& clock,
                 SimulateObserver& observer, SimulateOptions options = {});
  SimulateRunner(const SimulationSpec& spec, EventSource& source, log::Producer& producer, Clock& clock,
                 SimulateObserver& observer, SimulateOptions options = {})
      : SimulateRunner(spec, source, Outlets(producer), clock, observer, options) {}

  using Labeller = std::function<Result<void>(std::string_view lines)>;
  using Look = std::function<std::optional<Steering>()>;

  /// Tells it every record that the log took. Its answers hold when run() succeeds.
  void tell(Oracle& oracle) { oracle_ = &oracle; }
  /// Is handed the lines of every faulty record that the log took, and of every record of a transaction that
  /// was aborted, in the order in which they were sent and once the log has told where they are. Its error
  /// ends the run.
  void label(Labeller labeller) { labeller_ = std::move(labeller); }
  /// Is asked once a second what holds from now on; nothing: what held.
  void steer(Look look) { look_ = std::move(look); }

  /// Runs to the source's end or to the stop, then waits until every event is confirmed. At a stop, records
  /// that faults hold back are sent at once, as at the source's end. `unavailable` with the counts when
  /// deliveries failed or stayed unconfirmed.
  Result<SimulateSummary> run(std::stop_token stop);

 private:
  Result<void> send_all(const std::stop_token& stop);
  Result<void> send_held(bool is_taken);
  bool wait_until_due(const std::stop_token& stop);
  Result<void> take();
  Result<void> send(const SimulatedRecord& record, std::uint64_t sequence);
  log::Outgoing outgoing(const SimulatedRecord& record, std::uint64_t sequence, log::TransactionEnd end);
  void tell_of(const SimulatedRecord& record);
  Result<void> end_batch();
  Result<void> send_transactions(log::TransactionEnd end);
  Result<void> hand_over_labels();
  void look(SteadyTime now);
  void report(SteadyTime now);
  void tell_progress(SteadyTime now);
  SimulateProgress progress(SteadyTime now) const;
  Result<void> settle();
  std::unexpected<Error> not_delivered() const;
  std::string counts_text() const;

  std::unique_ptr<SourceAhead> ahead_;  ///< nothing: one thread does it all
  FaultInjector records_;
  Outlets outlets_;
  Clock& clock_;
  SimulateObserver& observer_;
  Oracle* oracle_ = nullptr;
  Labeller labeller_;
  PlacedLabels labels_;
  Look look_;
  SimulationSpec spec_;
  const SimulateOptions options_;
  const bool each_event_;

  SimulatedRecord record_;
  TransactionPlan plan_;
  BatchWay way_ = BatchWay::plain;      ///< of the batch that is open
  std::size_t batched_ = 0;             ///< records of it so far
  std::vector<SimulatedRecord> batch_;  ///< those that wait for its end: all, or none
  std::uint64_t aborted_ = 0;
  Pacer pacer_;
  std::uint64_t produced_ = 0;
  bool stopped_ = false;
  std::optional<std::uint64_t> stopped_after_;
  bool steered_ = false;
  log::ProducerCounts before_;
  SteadyTime start_;
  NewestRecord newest_;
  SteadyTime reported_at_;
  std::uint64_t reported_ = 0;
  SteadyTime looked_at_;
};

}  // namespace sdp::simulate
