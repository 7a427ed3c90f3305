#include "cli/live.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/duration_text.h"
#include "base/utc_time.h"
#include "cli/live_rules.h"
#include "cli/publish.h"
#include "cli/run_transform.h"
#include "cli/watching.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "transform/dbt_worker.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;

/// From the broker's time of the newest record that is counted to the time at which it can be read; nothing
/// when no record has a time.
std::optional<double> seconds_behind(const snapshot::Snapshot& snapshot) {
  if (!snapshot.freshness.newest_record) return std::nullopt;
  const auto newest = base::parse_iso(*snapshot.freshness.newest_record);
  const auto taken = base::parse_iso(snapshot.taken_at);
  if (!newest || !taken) return std::nullopt;
  return base::in_seconds(*taken - *newest);
}

class LiveLoop {
 public:
  LiveLoop(const MartParts& parts, const Runtime& runtime, RoundObserver* observer)
      : parts_(parts), runtime_(runtime), observer_(observer), transform_(parts.transform) {}

  Result<KeptUp> run(const std::stop_token& stop) {
    // dbt is loaded while the first events come.
    keep_dbt_loaded(stop);
    int failed = 0;
    std::optional<SteadyTime> held_since;
    while (!stop.stop_requested()) {
      const SteadyTime started = runtime_.clock.steady_now();
      if (observer_ != nullptr) observer_->on_begin();
      told_ = {};
      const auto outcome = round(started, stop);
      // What a stop interrupted is done again by the end of the run.
      if (stop.stop_requested()) break;
      if (outcome) {
        failed = 0;
        held_since.reset();
        tell_end(failed, since(started));
        wait_unless_stopped(stop, rest_after(since(started), cheapest_, parts_.every));
        continue;
      }
      const Error& error = outcome.error();
      const milliseconds held = held_since ? since(*held_since) : milliseconds(0);
      const AfterFailure next = after_failure(error.kind, failed + 1, held);
      if (next == AfterFailure::wait) {
        if (!held_since) held_since = started;
        told_.held = true;
        tell_end(0, since(started));
        diag::log_event("live.round_waits",
                        {{"message", error.message}, {"seconds", base::in_seconds(since(*held_since))}});
        wait_unless_stopped(stop, kHeldRest);
        continue;
      }
      tell_end(++failed, since(started));
      diag::log_event("live.round_failed",
                      {{"kind", name(error.kind)}, {"message", error.message}, {"failed", failed}});
      if (next == AfterFailure::end) return std::unexpected(error);
      wait_unless_stopped(stop, rest_after(since(started), {}));
    }
    if (observer_ != nullptr) observer_->on_stop();
    return std::move(kept_up_);
  }

 private:
  void tell_end(int failed, milliseconds took) {
    if (observer_ == nullptr) return;
    told_.took = took;
    told_.failed = failed;
    if (parts_.warehouse.is_snowflake()) told_.warehouse_time = took;
    observer_->on_end(told_);
  }

  Result<void> round(SteadyTime started, const std::stop_token& stop) {
    // 1. What is new in the lake.
    SDP_TRY(auto loaded, load_lake(parts_, runtime_.clock, stop));
    kept_up_.loaded = std::move(loaded.summary);
    unbuilt_ += kept_up_.loaded.counts.rows + kept_up_.loaded.counts.rejected;
    if (unbuilt_ == 0 && !may_lack_some(kept_up_.loaded))
      return kept_up_.rejected ? Result<void>() : look_at_rejected();

    // 2. The marts of it.
    keep_dbt_loaded(stop);
    SDP_TRY(const auto held, transform::hold_work_dir(parts_.transform.work_dir));
    SDP_RETURN_IF_ERROR(run_transform(transform_, stop));

    // 3. For readers.
    const auto target = transform::target_path(parts_.transform);
    SDP_TRY(auto publication, publish_marts(parts_.warehouse, target, runtime_));
    if (publication.taken) {
      told_.records = unbuilt_;
      told_.behind_seconds = seconds_behind(publication.taken->snapshot);
      diag::log_event("live.published", {{"records", unbuilt_},
                                         {"seconds", base::in_seconds(since(started))},
                                         {"behind_s", told_.behind_seconds.value_or(0)}});
      note_rejected(std::move(publication.taken->rejected));
    }
    unbuilt_ = 0;
    is_known_ = true;
    const milliseconds cost = since(started);
    cheapest_ = std::min(cheapest_.value_or(cost), cost);
    return {};
  }

  /// Whoever worked here before may have ended between a load and the marts of it, or before they were
  /// published. One build shows.
  bool may_lack_some(const load::LoadSummary& loaded) const {
    return !is_known_ && loaded.loaded_already + loaded.counts.objects_skipped > 0;
  }

  /// In marts that were there before.
  Result<void> look_at_rejected() {
    SDP_TRY(auto warehouse, open_warehouse(parts_.warehouse, Access::read_only, runtime_.clock));
    SDP_TRY(auto rejected, rejected_in_silver(*warehouse));
    SDP_RETURN_IF_ERROR(warehouse->close());
    note_rejected(std::move(rejected).value_or(Rejected{}));
    return {};
  }

  void note_rejected(Rejected rejected) {
    if (const auto few = check_rejected(rejected, parts_.reject_ratio_max); !few)
      diag::log_event("live.rejected", {{"message", few.error().message}});
    kept_up_.rejected = std::move(rejected);
  }

  /// Most of a short build's time goes into loading dbt. Where it cannot be kept, each build loads it.
  void keep_dbt_loaded(const std::stop_token& stop) {
    if (!can_keep_dbt_ || (worker_ && worker_->is_running())) return;
    auto started = transform::DbtWorker::start(parts_.transform, stop);
    if (started) {
      worker_ = *std::move(started);
      transform_.dbt_client = worker_->client();
      return;
    }
    diag::log_event("transform.worker_missing", {{"message", started.error().message}});
    can_keep_dbt_ = false;
    transform_.dbt_client.clear();
  }

  milliseconds since(SteadyTime started) const {
    return std::chrono::duration_cast<milliseconds>(runtime_.clock.steady_now() - started);
  }

  const MartParts& parts_;
  const Runtime& runtime_;
  RoundObserver* const observer_;  ///< null: nobody hears of the rounds
  RoundEnd told_;                  ///< of the round that is under way
  transform::TransformOptions transform_;
  std::unique_ptr<transform::DbtWorker> worker_;
  bool can_keep_dbt_ = true;
  KeptUp kept_up_;
  bool is_known_ = false;                 ///< that the marts have all that was loaded, and are published
  std::optional<milliseconds> cheapest_;  ///< of the rounds that built marts
  std::uint64_t unbuilt_ = 0;             ///< records that were loaded, and that no mart counts yet
};

}  // namespace

Result<KeptUp> keep_up(const MartParts& parts, const Runtime& runtime, const std::stop_token& stop,
                       RoundObserver* observer) {
  return LiveLoop(parts, runtime, observer).run(stop);
}

}  // namespace sdp::cli
