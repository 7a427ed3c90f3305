#include "cli/load_output.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "base/duration_text.h"
#include "base/text_table.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "diag/log.h"

namespace sdp::cli {
namespace {

/// What a warehouse that is paid for had to do (docs/snowflake.md says what that costs).
void log_statements(const load::LoadSummary& summary) {
  const warehouse::LoadCounts& counts = summary.counts;
  const auto transactions = static_cast<double>(std::max<std::uint64_t>(summary.transactions, 1));
  const auto hours = static_cast<double>(std::max<std::size_t>(summary.hours.size(), 1));
  diag::log_event("load.statements",
                  {{"statements", counts.statements},
                   {"statements_per_transaction", static_cast<double>(counts.statements) / transactions},
                   {"rows_per_copy", static_cast<double>(counts.rows + counts.rejected) / transactions},
                   {"staging_files", counts.staging_files},
                   {"staging_bytes", counts.staging_bytes},
                   {"objects_per_hour", static_cast<double>(counts.objects) / hours}});
}

}  // namespace

void log_load(const load::LoadSummary& summary) {
  const double seconds = base::in_seconds(summary.took);
  const std::uint64_t rows = summary.counts.rows + summary.counts.rejected;
  constexpr std::size_t kNamed = 10;
  for (const std::string& object : summary.foreign | std::views::take(kNamed))
    diag::log_event("load.object_foreign", {{"object", object}});
  if (summary.foreign.size() > kNamed)
    diag::log_event("load.objects_foreign", {{"objects", summary.foreign.size()}});
  for (const Error& problem : summary.problems)
    diag::log_event("load.problem", {{"kind", name(problem.kind)}, {"message", problem.message}});
  if (summary.counts.statements > 0) log_statements(summary);
  if (summary.left_for_later > 0)
    diag::log_event("load.left_for_later", {{"objects", summary.left_for_later}});
  diag::log_event("load.finished",
                  {{"rows", summary.counts.rows},
                   {"rejected", summary.counts.rejected},
                   {"objects", summary.counts.objects},
                   {"transactions", summary.transactions},
                   {"loaded_before", summary.loaded_already + summary.counts.objects_skipped},
                   {"problems", summary.problems.size()},
                   {"seconds", seconds},
                   {"per_second", per_second(rows, seconds)}});
}

void print_load_json(const load::LoadSummary& summary, const Rejected& rejected) {
  print_line({{"schema_version", 1},
              {"rows", summary.counts.rows},
              {"rejected", summary.counts.rejected},
              {"objects", summary.counts.objects},
              {"loaded_before", summary.loaded_already + summary.counts.objects_skipped},
              {"transactions", summary.transactions},
              {"problems", summary.problems.size()},
              {"rejected_for", to_json(rejected)}});
}

Result<void> load_outcome(const load::LoadSummary& summary) {
  if (summary.problems.empty()) return {};
  return fail(ErrorKind::partial,
              fmt::format("{} could not be loaded to the end; everything else is loaded. Repair in the lake "
                          "what the lines above name (docs/lake-repair.md), then load again",
                          base::plural(summary.problems.size(), "chain")));
}

}  // namespace sdp::cli
