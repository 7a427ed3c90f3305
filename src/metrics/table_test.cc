#include "metrics/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <string>

namespace sdp::metrics {
namespace {

constexpr std::string_view kLabels = "topic partition code result cut operation version command place";

std::set<std::string_view> words(std::string_view text) {
  std::set<std::string_view> all;
  for (const auto word : std::views::split(text, ' ')) {
    if (!word.empty()) all.emplace(word);
  }
  return all;
}

TEST(Table, NamesAreUniqueAndInOrder) {
  EXPECT_TRUE(std::ranges::is_sorted(kMetrics, std::ranges::less_equal{}, &Metric::name));
}

TEST(Table, NamesAreAsPrometheusWantsThem) {
  for (const Metric& metric : kMetrics) {
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == Type::counter) << metric.name;
    EXPECT_EQ(metric.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << metric.name;
    EXPECT_TRUE(metric.type != Type::histogram || metric.name.ends_with("_seconds")) << metric.name;
    // Base units only.
    for (const std::string_view unit : {"milli", "_ms", "minutes", "kilo", "mega", "_mb", "percent"})
      EXPECT_FALSE(metric.name.contains(unit)) << metric.name;
  }
}

TEST(Table, LabelsTakeAHandfulOfValues) {
  for (const Metric& metric : kMetrics) {
    for (const std::string_view label : words(metric.labels)) EXPECT_TRUE(has_word(kLabels, label)) << label;
  }
}

TEST(Table, EachRowSaysWhatItIs) {
  for (const Metric& metric : kMetrics) {
    EXPECT_TRUE(metric.help.ends_with('.')) << metric.name;
    EXPECT_FALSE(metric.unit.empty()) << metric.name;
    EXPECT_FALSE(metric.commands.empty()) << metric.name;
    for (const std::string_view command : words(metric.commands))
      EXPECT_TRUE(has_word("simulate sink load transform pipeline publish verify serve run", command))
          << metric.name;
  }
}

TEST(Table, RowsAreFoundByTheirNames) {
  EXPECT_EQ(kMetrics[find_metric("sink_records_total")].name, "sink_records_total");
  EXPECT_EQ(find_metric("sink_records"), kMetrics.size());
  EXPECT_TRUE(has_word("a bc d", "bc"));
  EXPECT_FALSE(has_word("a bc d", "b"));
  EXPECT_FALSE(has_word("", "b"));
}

}  // namespace
}  // namespace sdp::metrics
