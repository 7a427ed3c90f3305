#include "metrics/health.h"

#include <fmt/format.h>

namespace sdp::metrics {
namespace {

std::chrono::seconds since(SteadyTime then, SteadyTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - then);
}

}  // namespace

std::string_view describe(Readiness readiness) {
  switch (readiness) {
    case Readiness::starting:
      return "starting: it has not joined its consumer group yet";
    case Readiness::opening:
      return "starting: its topic is not open yet";
    case Readiness::ready:
      return "ready";
    case Readiness::log_away:
      return "the log does not answer";
    case Readiness::store_hangs:
      return "the store does not answer: an upload has been under way for too long";
    case Readiness::first_round:
      return "starting: no round has ended yet";
    case Readiness::rounds_fail:
      return "the last round failed: readers keep what was published before";
    case Readiness::stopping:
      return "stopping: what was read is made durable";
  }
  return "unknown";
}

Health::Health(std::chrono::milliseconds alive_within, SteadyTime now, std::chrono::milliseconds ready_within)
    : alive_within_(alive_within), ready_within_(ready_within), turned_at_(now) {}

Verdict Health::alive(SteadyTime now) const {
  const SteadyTime turned_at = turned_at_.load(std::memory_order_relaxed);
  if (now - turned_at <= alive_within_) return {true, "alive\n"};
  return {false, fmt::format("the loop has not turned for {} s\n", since(turned_at, now).count())};
}

Verdict Health::ready(SteadyTime now) const {
  const SteadyTime turned_at = turned_at_.load(std::memory_order_relaxed);
  if (now - turned_at > ready_within_)
    return {false, fmt::format("the loop has not turned for {} s\n", since(turned_at, now).count())};
  const Readiness readiness = readiness_.load(std::memory_order_relaxed);
  return {readiness == Readiness::ready, fmt::format("{}\n", describe(readiness))};
}

}  // namespace sdp::metrics
