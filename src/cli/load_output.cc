#include "cli/load_output.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/output.h"

namespace sdp::cli {
namespace {

/// What a warehouse that is paid for had to do (docs/snowflake.md says what that costs).
void print_statements(const load::LoadSummary& summary) {
  const warehouse::LoadCounts& counts = summary.counts;
  const auto loads = static_cast<double>(std::max<std::uint64_t>(summary.transactions, 1));
  fmt::print(
      stderr,
      "load: {} statements, {:.1f} a transaction; {} rows a COPY from {} staging files of {:.1f} MB in all; "
      "{:.1f} "
      "objects an hour of the lake\n",
      counts.statements, static_cast<double>(counts.statements) / loads,
      with_commas(static_cast<std::uint64_t>(static_cast<double>(counts.rows + counts.rejected) / loads)),
      counts.staging_files, static_cast<double>(counts.staging_bytes) / 1e6,
      static_cast<double>(counts.objects) /
          static_cast<double>(std::max<std::size_t>(summary.hours.size(), 1)));
}

}  // namespace

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
  if (summary.counts.statements > 0) print_statements(summary);
  if (summary.left_for_later > 0)
    fmt::print(stderr, "load: {} objects are of hours that are not complete\n",
               with_commas(summary.left_for_later));
  constexpr std::size_t kNamed = 10;
  for (std::size_t i = 0; i < summary.foreign.size() && i < kNamed; ++i) {
    fmt::print(stderr, "load: warning: {} was not written by a sink and is left alone\n", summary.foreign[i]);
  }
  if (summary.foreign.size() > kNamed)
    fmt::print(stderr, "load: warning: ... and {} more\n", summary.foreign.size() - kNamed);
  for (const Error& problem : summary.problems) fmt::print(stderr, "load: {}\n", problem.message);
}

void print_load_json(const load::LoadSummary& summary) {
  fmt::print(
      "{{\"schema_version\":1,\"rows\":{},\"rejected\":{},\"objects\":{},\"loaded_before\":{},"
      "\"transactions\":{},"
      "\"problems\":{}}}\n",
      summary.counts.rows, summary.counts.rejected, summary.counts.objects,
      summary.loaded_already + summary.counts.objects_skipped, summary.transactions, summary.problems.size());
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
