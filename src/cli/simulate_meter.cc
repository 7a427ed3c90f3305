#include "cli/simulate_meter.h"

namespace sdp::cli {
namespace {

/// Records wait for so long where the log does not answer.
constexpr std::chrono::seconds kUnansweredMax{10};

}  // namespace

SimulateMeter::SimulateMeter(metrics::Registry& registry, metrics::Health* health, Clock& clock,
                             simulate::SimulateObserver& next)
    : health_(health),
      clock_(clock),
      next_(next),
      records_(registry.counter("simulate_records_total", {})),
      acked_(registry.counter("simulate_acked_records_total", {})),
      failed_(registry.counter("simulate_failed_records_total", {})),
      answered_at_(clock.steady_now()) {
  if (health_ == nullptr) return;
  health_->turned(answered_at_);
  health_->say(metrics::Readiness::ready);
}

void SimulateMeter::stands(const simulate::SimulateProgress& progress) {
  const auto more = [](std::uint64_t now, std::uint64_t before) { return static_cast<double>(now - before); };
  records_.Increment(more(progress.produced, told_.produced));
  acked_.Increment(more(progress.acked, told_.acked));
  failed_.Increment(more(progress.failed, told_.failed));
  const SteadyTime now = clock_.steady_now();
  const bool waits = progress.acked + progress.failed < progress.produced;
  if (!waits || progress.acked != told_.acked) answered_at_ = now;
  told_ = progress;
  if (health_ != nullptr) {
    health_->turned(now);
    health_->say(now - answered_at_ > kUnansweredMax ? metrics::Readiness::log_away
                                                     : metrics::Readiness::ready);
  }
  next_.stands(progress);
}

}  // namespace sdp::cli
