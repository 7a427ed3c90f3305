#include "diag/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/duration_text.h"
#include "base/text_table.h"
#include "diag/log.h"

namespace sdp::diag {
namespace {

using base::with_commas;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kFirstDrawn{2'000};
constexpr milliseconds kDrawnEach{100};
constexpr milliseconds kWrittenEach{10'000};
/// Longer than this is not an estimate.
constexpr double kLeftMax = 365.0 * 86'400;

}  // namespace

double per_second(const ProgressFacts& facts) {
  const double seconds = base::in_seconds(facts.elapsed);
  return seconds > 0 ? static_cast<double>(facts.done) / seconds : 0;
}

std::optional<double> seconds_left(const ProgressFacts& facts) {
  const double rate = per_second(facts);
  if (facts.total == 0 || rate <= 0) return std::nullopt;
  const double left = static_cast<double>(facts.total - std::min(facts.done, facts.total)) / rate;
  return left > kLeftMax ? std::nullopt : std::optional(left);
}

std::string progress_text(const ProgressFacts& facts) {
  std::string text = fmt::format("{}: {}", facts.of, with_commas(facts.done));
  if (facts.total > 0) text += fmt::format(" of {}", with_commas(facts.total));
  text += fmt::format(" {}", facts.unit);
  if (facts.total > 0) text += fmt::format(", {} %", std::min(facts.done, facts.total) * 100 / facts.total);
  const double rate = per_second(facts);
  text += rate < 10 ? fmt::format(", {:.1f}/s", rate)
                    : fmt::format(", {}/s", with_commas(static_cast<std::uint64_t>(std::llround(rate))));
  if (const auto left = seconds_left(facts))
    text += fmt::format(", {} left", base::duration_text(milliseconds(std::llround(*left * 1e3))));
  return text;
}

Progress::Progress(std::string_view of, std::string_view unit, std::uint64_t total, Clock& clock)
    : of_(of),
      unit_(unit),
      clock_(clock),
      start_(clock.steady_now()),
      total_(total),
      next_ms_((detail::draws ? kFirstDrawn : kWrittenEach).count()) {}

Progress::~Progress() {
  if (is_shown_) detail::end_progress();
}

void Progress::show(std::uint64_t done) {
  const auto elapsed = duration_cast<milliseconds>(clock_.steady_now() - start_);
  auto next = next_ms_.load(std::memory_order_relaxed);
  if (elapsed.count() < next) return;
  const milliseconds each = detail::draws ? kDrawnEach : kWrittenEach;
  // Of the threads that come at once one shows it.
  if (!next_ms_.compare_exchange_strong(next, (elapsed + each).count(), std::memory_order_relaxed)) return;
  is_shown_ = true;
  detail::show_progress({of_, unit_, done, total_.load(std::memory_order_relaxed), elapsed});
}

}  // namespace sdp::diag
