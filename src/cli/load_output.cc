#include "cli/load_output.h"

#include <fmt/core.h>

#include "cli/output.h"

namespace sdp::cli {

void print_load(const load::LoadSummary& summary) {
  const double seconds = static_cast<double>(summary.took.count()) / 1000;
  const std::uint64_t rows = summary.counts.rows + summary.counts.rejected;
  fmt::print(stderr,
             "load: {} rows and {} rejected from {} objects in {} transactions, {} objects loaded before, "
             "{:.1f} s, {}\n",
             with_commas(summary.counts.rows), with_commas(summary.counts.rejected),
             with_commas(summary.counts.objects), summary.transactions,
             with_commas(summary.loaded_already + summary.counts.objects_skipped), seconds,
             rate(rows, seconds));
  constexpr std::size_t kNamed = 10;
  for (std::size_t i = 0; i < summary.foreign.size() && i < kNamed; ++i) {
    fmt::print(stderr, "load: warning: {} was not written by a sink and is left alone\n", summary.foreign[i]);
  }
  if (summary.foreign.size() > kNamed)
    fmt::print(stderr, "load: warning: ... and {} more\n", summary.foreign.size() - kNamed);
  for (const Error& problem : summary.problems) fmt::print(stderr, "load: {}\n", problem.message);
}

Result<void> load_verdict(const load::LoadSummary& summary) {
  if (summary.problems.empty()) return {};
  return fail(
      summary.problems.front().kind,
      fmt::format(
          "{} chain(s) could not be loaded to their end; what is named above must be mended in the lake, all "
          "else is loaded",
          summary.problems.size()));
}

}  // namespace sdp::cli
