#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/table.h"
#include "support/committed_page.h"

namespace sdp::metrics {
namespace {

constexpr std::string_view kBegin = "<!-- metrics: begin (written by metrics_test) -->\n";
constexpr std::string_view kEnd = "<!-- metrics: end -->\n";

std::string_view name_of(Type type) {
  switch (type) {
    case Type::counter:
      return "counter";
    case Type::gauge:
      return "gauge";
    case Type::histogram:
      return "histogram";
  }
  return "gauge";
}

/// Each word as code.
std::string as_code(std::string_view words) {
  std::vector<std::string> all;
  for (const auto word : std::views::split(words, ' '))
    all.push_back(fmt::format("`{}`", std::string_view(word)));
  return fmt::format("{}", fmt::join(all, " "));
}

std::string to_markdown() {
  std::string text = "| metric | type | unit | labels | what it is | told by |\n|---|---|---|---|---|---|\n";
  for (const Metric& metric : kMetrics) {
    text += fmt::format("| `{}{}` | {} | {} | {} | {} | {} |\n", kPrefix, metric.name, name_of(metric.type),
                        metric.unit, metric.labels.empty() ? "" : as_code(metric.labels), metric.help,
                        as_code(metric.commands));
  }
  text += fmt::format("\nBuckets of the histograms, in seconds: {}.\n", fmt::join(kBuckets, ", "));
  return text;
}

TEST(MetricsPage, ShowsTheTable) {
  support::expect_in_page("docs/metrics.md", kBegin, kEnd, to_markdown());
}

}  // namespace
}  // namespace sdp::metrics
