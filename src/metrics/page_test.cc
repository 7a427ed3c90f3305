#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/table.h"

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
  const char* source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const std::string path = std::string(source) + "/docs/metrics.md";
  std::ifstream file(path);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  const auto begin = committed.find(kBegin);
  const auto end = committed.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << path << " lacks the line " << kBegin;
  const std::string wanted =
      committed.substr(0, begin + kBegin.size()) + to_markdown() + committed.substr(end);
  const bool write = std::getenv("SDP_WRITE_DERIVED_FILES") != nullptr;
  if (write) std::ofstream(path) << wanted;
  EXPECT_EQ(write ? wanted : committed, wanted)
      << path << " does not show the table of metrics: run this test with SDP_WRITE_DERIVED_FILES=1";
}

}  // namespace
}  // namespace sdp::metrics
