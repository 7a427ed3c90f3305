#include "metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sdp::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Registry, WritesWhatWasCountedWithItsTypeAndHelp) {
  Registry registry;
  registry.counter("sink_objects_total", {"events", "created"}).Increment(3);
  registry.gauge("sink_lag_records", {"events", "7"}).Set(12);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("# TYPE spotify_pipeline_sink_objects_total counter\n"));
  EXPECT_THAT(text, HasSubstr("# HELP spotify_pipeline_sink_objects_total Objects by what became"));
  EXPECT_THAT(text,
              HasSubstr("spotify_pipeline_sink_objects_total{result=\"created\",topic=\"events\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("spotify_pipeline_sink_lag_records{partition=\"7\",topic=\"events\"} 12\n"));
}

TEST(Registry, TellsNothingOfWhatNobodyCounted) {
  EXPECT_EQ(Registry().text(), "");
}

TEST(Registry, TheSameLabelsAreTheSameValue) {
  Registry registry;
  registry.counter("sink_records_total", {"events"}).Increment(1);
  registry.counter("sink_records_total", {"events"}).Increment(2);
  registry.counter("sink_records_total", {"others"}).Increment(5);
  EXPECT_THAT(registry.text(), HasSubstr("sink_records_total{topic=\"events\"} 3\n"));
  EXPECT_THAT(registry.text(), HasSubstr("sink_records_total{topic=\"others\"} 5\n"));
}

TEST(Registry, LargeNumbersKeepTheirLastDigit) {
  Registry registry;
  registry.gauge("sink_durable_offset", {"events", "0"}).Set(1'234'567'890'123.0);
  EXPECT_THAT(registry.text(), HasSubstr("} 1234567890123\n"));
}

TEST(Registry, AHistogramHasTheBucketsOfTheTable) {
  Registry registry;
  registry.histogram("sink_upload_duration_seconds", {"events"}).Observe(0.3);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("_bucket{topic=\"events\",le=\"0.25\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{topic=\"events\",le=\"0.5\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{topic=\"events\",le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_count{topic=\"events\"} 1\n"));
}

TEST(Registry, WhatIsForgottenIsNotTold) {
  Registry registry;
  registry.gauge("sink_lag_records", {"events", "1"}).Set(1);
  registry.gauge("sink_lag_records", {"events", "2"}).Set(2);
  registry.forget("sink_lag_records", {"events", "1"});
  EXPECT_THAT(registry.text(), Not(HasSubstr("partition=\"1\"")));
  EXPECT_THAT(registry.text(), HasSubstr("partition=\"2\""));
}

TEST(Registry, TextsOfOthersDoNotBreakALine) {
  Registry registry;
  registry.counter("sink_records_total", {"a\"b\\c\nd"}).Increment();
  EXPECT_THAT(registry.text(), HasSubstr("{topic=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Registry, IsReadWhileItIsCounted) {
  Registry registry;
  auto& counter = registry.counter("sink_records_total", {"events"});
  {
    std::vector<std::jthread> threads;
    for (int at = 0; at < 3; ++at) {
      threads.emplace_back([&registry, &counter] {
        for (int n = 0; n < 200; ++n) {
          counter.Increment();
          registry.counter("sink_rejected_records_total", {"events", "not_json"}).Increment();
        }
      });
    }
    for (int n = 0; n < 20; ++n) registry.text();
  }
  EXPECT_THAT(registry.text(), HasSubstr("sink_records_total{topic=\"events\"} 600\n"));
}

}  // namespace
}  // namespace sdp::metrics
