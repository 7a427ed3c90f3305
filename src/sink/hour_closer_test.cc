#include "sink/hour_closer.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/rng.h"
#include "lake/object_key.h"
#include "log/memory/memory_log.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const lake::Hour kStart = lake::parse_hour("2026-02-15T13").value_or(lake::Hour());

/// A lake whose objects a test puts as sinks would, and closers that look at it.
class HourCloserTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = 3}));
    topic_ = log_.describe().value_or(log::TopicInfo{});
  }

  /// An object of `records` records at the end of the partition's chain, filed under `hour`.
  void put(log::Partition partition, lake::Hour hour, std::int64_t records = 10) {
    lake::ObjectMeta meta;
    meta.topic = topic_.name;
    meta.chain = {topic_.id, partition};
    meta.range = {ends_[partition], ends_[partition] + records};
    meta.records = records;
    meta.first_timestamp = meta.last_timestamp = UtcMillis(hour) + std::chrono::minutes(10);
    meta.sha256 = std::string(64, 'b');
    meta.writer = "test";
    const lake::ObjectKey key{meta.first_timestamp, lake::short_id(topic_.id), partition, meta.range.first,
                              lake::Compression::none};
    ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", lake::to_metadata(meta), "text/plain"));
    ends_[partition] = meta.range.end;
  }

  Result<std::vector<lake::HourMarker>> close(HourCloser& closer, log::Partition partition,
                                              lake::Hour through) {
    return close_at(closer, partition, through, ends_[partition]);
  }
  static Result<std::vector<lake::HourMarker>> close_at(HourCloser& closer, log::Partition partition,
                                                        lake::Hour through, log::Offset chain_end) {
    closer.request({partition, through, chain_end});
    for (;;) {
      if (auto result = closer.next_result()) return std::move(result->closed);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  std::vector<lake::HourMarker> markers() {
    std::vector<lake::HourMarker> all;
    EXPECT_TRUE(store_.list("_pipeline/hours/date=", [&](const store::ListedObject& object) {
      const auto stored = store_.get(object.key);
      const auto marker =
          stored ? lake::hour_marker_from_json(stored->body) : std::unexpected(stored.error());
      EXPECT_TRUE(marker) << object.key;
      if (marker) all.push_back(*marker);
      return true;
    }));
    return all;
  }
  std::vector<lake::ChainBegin> begins() {
    std::vector<lake::ChainBegin> all;
    EXPECT_TRUE(store_.list("_pipeline/hours/begin/", [&](const store::ListedObject& object) {
      const auto stored = store_.get(object.key);
      const auto begin = stored ? lake::chain_begin_from_json(stored->body) : std::unexpected(stored.error());
      EXPECT_TRUE(begin) << object.key;
      if (begin) all.push_back(*begin);
      return true;
    }));
    return all;
  }

  /// Each chain's markers have no hole in hours or offsets.
  void expect_dense() {
    std::map<log::Partition, std::pair<lake::Hour, log::Offset>> open;
    for (const lake::ChainBegin& begin : begins()) open[begin.chain.partition] = {begin.hour, 0};
    for (const lake::HourMarker& marker : markers()) {
      auto& [hour, at] = open.at(marker.chain.partition);
      EXPECT_EQ(marker.hour, hour) << "p" << marker.chain.partition;
      EXPECT_EQ(marker.range.first, at) << "p" << marker.chain.partition;
      hour = marker.hour + hours(1);
      at = marker.range.end;
    }
  }

  log::MemoryLog log_{{}, base::system_clock(), Rng(1)};
  store::MemoryStore store_;
  const lake_reader::LakeReader lake_{store_, lake::Places()};
  log::TopicInfo topic_;
  std::map<log::Partition, log::Offset> ends_;
};

TEST_F(HourCloserTest, ClosesTheHoursThatAreOverWithTheirCounts) {
  put(0, kStart, 7);
  put(0, kStart, 5);
  put(0, kStart + hours(2));
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close(closer, 0, kStart + hours(1));
  ASSERT_TRUE(closed) << closed.error().message;
  ASSERT_EQ(closed->size(), 2u);
  EXPECT_EQ((*closed)[0].range, (lake::OffsetRange{0, 12}));
  EXPECT_EQ((*closed)[0].objects, 2);
  EXPECT_EQ((*closed)[0].records, 12);
  EXPECT_EQ((*closed)[0].partitions, 3);
  EXPECT_EQ((*closed)[1].range, (lake::OffsetRange{12, 12}));
  EXPECT_EQ(markers(), *closed);
  EXPECT_TRUE(close(closer, 0, kStart + hours(1)).value_or(*closed).empty());
}

TEST_F(HourCloserTest, RequestsThatWaitTogetherAreAllAnsweredAndThoseOfAChainInTheirOrder) {
  constexpr log::Partition kPartitions = 3;
  constexpr int kHours = 3;
  for (int hour = 0; hour <= kHours; ++hour) {
    for (log::Partition partition = 0; partition < kPartitions; ++partition)
      put(partition, kStart + hours(hour));
  }
  HourCloser closer(log_, store_, lake_, topic_);
  for (int hour = 0; hour < kHours; ++hour) {
    for (log::Partition partition = 0; partition < kPartitions; ++partition)
      closer.request({partition, kStart + hours(hour), ends_[partition]});
  }
  std::map<log::Partition, std::vector<lake::Hour>> answered;
  while (closer.works()) {
    if (const auto result = closer.next_result()) {
      ASSERT_TRUE(result->closed) << result->closed.error().message;
      answered[result->request.partition].push_back(result->request.through);
    }
  }
  const std::vector<lake::Hour> in_order = {kStart, kStart + hours(1), kStart + hours(2)};
  for (log::Partition partition = 0; partition < kPartitions; ++partition)
    EXPECT_EQ(answered[partition], in_order) << partition;
  EXPECT_EQ(markers().size(), static_cast<std::size_t>(kPartitions * kHours));
  expect_dense();
}

TEST_F(HourCloserTest, AnotherCloserGoesOnWhereTheFirstOneStopped) {
  put(0, kStart);
  ASSERT_TRUE(close(*std::make_unique<HourCloser>(log_, store_, lake_, topic_), 0, kStart));
  put(0, kStart + hours(1));
  put(0, kStart + hours(5));
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close(closer, 0, kStart + hours(4));
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ(closed->size(), 4u);
  expect_dense();
}

TEST_F(HourCloserTest, WhatAnotherCloserWroteStands) {
  put(0, kStart);
  HourCloser stale(log_, store_, lake_, topic_);
  HourCloser other(log_, store_, lake_, topic_);
  ASSERT_TRUE(close(stale, 0, kStart - hours(1)));
  ASSERT_TRUE(close(other, 0, kStart));
  const auto before = markers();
  put(0, kStart);  // the broker's clock went back: late for the hour that is closed
  put(0, kStart + hours(1));
  const auto closed = close(stale, 0, kStart);
  ASSERT_TRUE(closed) << closed.error().message;
  EXPECT_EQ(markers(), before);
  ASSERT_TRUE(close(stale, 0, kStart + hours(1)));
  ASSERT_EQ(markers().size(), 2u);
  EXPECT_EQ(markers()[1].range, (lake::OffsetRange{10, 30}));
  EXPECT_EQ(markers()[1].objects, 2);
}

TEST_F(HourCloserTest, HourEndsWhereItsLastObjectEndsWhateverTheRequestKnows) {
  put(0, kStart, 7);
  put(0, kStart, 5);
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close_at(closer, 0, kStart, 3);
  ASSERT_TRUE(closed) << closed.error().message;
  ASSERT_EQ(closed->size(), 1u);
  EXPECT_EQ(closed->front().range, (lake::OffsetRange{0, 12}));
  EXPECT_EQ(closed->front().records, 12);
}

TEST_F(HourCloserTest, ObjectsOfAClockThatWasFarBehindAreCounted) {
  put(0, kStart);
  HourCloser closer(log_, store_, lake_, topic_);
  ASSERT_TRUE(close(closer, 0, kStart + hours(4)));
  put(0, kStart + hours(1), 3);  // late for the hours that are closed
  put(0, kStart + hours(5), 4);
  const auto closed = close(closer, 0, kStart + hours(5));
  ASSERT_TRUE(closed) << closed.error().message;
  ASSERT_EQ(closed->size(), 1u);
  EXPECT_EQ(closed->front().range, (lake::OffsetRange{10, 17}));
  EXPECT_EQ(closed->front().objects, 2);
  EXPECT_EQ(closed->front().records, 7);
}

TEST_F(HourCloserTest, AnObjectThatLayout1FilesIn1970BeginsNoHourThere) {
  put(0, lake::Hour());
  put(0, kStart);
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close(closer, 0, kStart);
  ASSERT_TRUE(closed) << closed.error().message;
  ASSERT_EQ(closed->size(), 1u);
  EXPECT_EQ(closed->front().hour, kStart);
  EXPECT_EQ(closed->front().range, (lake::OffsetRange{0, 20}));
  EXPECT_EQ(closed->front().objects, 2);
}

TEST_F(HourCloserTest, IdlePartitionWithoutRecordsBeginsWhenItIsFirstClosed) {
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close(closer, 2, kStart + hours(3));
  ASSERT_TRUE(closed) << closed.error().message;
  ASSERT_EQ(closed->size(), 1u);
  EXPECT_EQ(closed->front().hour, kStart + hours(3));
  EXPECT_EQ(begins(), (std::vector{lake::ChainBegin{{topic_.id, 2}, kStart + hours(3)}}));
}

TEST_F(HourCloserTest, PartitionAddedLaterDoesNotOpenWhatWasComplete) {
  HourCloser closer(log_, store_, lake_, topic_);
  for (log::Partition partition = 0; partition < 3; ++partition) {
    put(partition, kStart);
    ASSERT_TRUE(close(closer, partition, kStart));
  }
  ASSERT_TRUE(lake::is_complete(kStart, markers(), begins()));
  const auto before = markers();
  put(3, kStart);  // of a fourth partition, by a clock that is behind
  ASSERT_TRUE(close(closer, 3, kStart + hours(1)));
  EXPECT_TRUE(lake::is_complete(kStart, markers(), begins()));
  auto of_start = markers();
  std::erase_if(of_start, [](const lake::HourMarker& marker) { return marker.hour != kStart; });
  EXPECT_EQ(of_start, before) << "an hour that was complete got another marker";
  EXPECT_FALSE(lake::is_complete(kStart + hours(1), markers(), begins()));
  for (log::Partition partition = 0; partition < 3; ++partition) {
    ASSERT_TRUE(close(closer, partition, kStart + hours(1)));
  }
  EXPECT_TRUE(lake::is_complete(kStart + hours(1), markers(), begins()));
  expect_dense();
}

TEST_F(HourCloserTest, LastHoursOfATopicThatWasCreatedAgainAreClosedWhenTheyAreOver) {
  put(0, kStart);
  put(1, kStart);
  HourCloser of_old(log_, store_, lake_, topic_);
  for (const log::Partition partition : {0, 1, 2}) ASSERT_TRUE(close(of_old, partition, kStart));
  put(0, kStart + hours(1), 7);
  const std::string old = lake::short_id(topic_.id);
  ASSERT_TRUE(log_.recreate_topic());
  topic_ = log_.describe().value_or(log::TopicInfo{});
  ends_.clear();
  put(0, kStart + hours(2));

  HourCloser closer(log_, store_, lake_, topic_);
  const auto complete_through = [&] {
    const auto complete = lake_reader::LakeReader(store_, lake::Places()).complete_through();
    EXPECT_TRUE(complete);
    return complete->at(old);
  };
  ASSERT_TRUE(close(closer, 0, kStart));
  EXPECT_EQ(complete_through().hour, kStart);
  // Partitions other than the first leave it to the first.
  ASSERT_TRUE(close(closer, 1, kStart + hours(1)));
  EXPECT_EQ(complete_through().hour, kStart);
  ASSERT_TRUE(close(closer, 0, kStart + hours(1)));
  EXPECT_EQ(complete_through().hour, kStart + hours(1));
  EXPECT_EQ(complete_through().next.at(0), 17);
}

TEST_F(HourCloserTest, ALifeThatEndedBeforeItsFirstHourDidIsClosed) {
  put(0, kStart, 3);
  put(2, kStart + hours(1), 4);
  const std::string old = lake::short_id(topic_.id);
  ASSERT_TRUE(log_.recreate_topic());
  topic_ = log_.describe().value_or(log::TopicInfo{});
  ends_.clear();
  HourCloser closer(log_, store_, lake_, topic_);
  ASSERT_TRUE(close(closer, 0, kStart + hours(5)));
  const auto complete = lake_reader::LakeReader(store_, lake::Places()).complete_through();
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->at(old).hour, kStart + hours(1));
  EXPECT_EQ(complete->at(old).next.at(0), 3);
  EXPECT_EQ(complete->at(old).next.at(2), 4);
}

TEST_F(HourCloserTest, DamagedMarkerIsNamedAndClosesNothing) {
  put(0, kStart);
  ASSERT_TRUE(
      store_.put_new(lake::Places().marker_key({topic_.id, 0}, kStart), "{}", {}, "application/json"));
  HourCloser closer(log_, store_, lake_, topic_);
  const auto closed = close(closer, 0, kStart + hours(1));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::bad_input);
  EXPECT_NE(closed.error().message.find("hour=13/"), std::string::npos) << closed.error().message;
}

class HourCloserSeeds : public HourCloserTest, public testing::WithParamInterface<std::uint64_t> {};

/// Members come and go, know too little, ask too early, and clocks differ: what was complete once stays.
TEST_P(HourCloserSeeds, CompleteHoursNeverChangeWhateverHappens) {
  Rng rng(GetParam());
  std::vector<std::unique_ptr<HourCloser>> closers(3);
  lake::Hour clock = kStart;
  std::map<lake::Hour, std::vector<lake::HourMarker>> complete;
  for (int step = 0; step < 120; ++step) {
    auto& closer = closers[rng.below(closers.size())];
    if (!closer || rng.below(8) == 0) closer = std::make_unique<HourCloser>(log_, store_, lake_, topic_);
    const auto partition = static_cast<log::Partition>(rng.below(3));
    const auto skewed = [&] {
      return clock + hours(rng.below(6) == 0 ? static_cast<int>(rng.below(4)) - 2 : 0);
    };
    switch (rng.below(5)) {
      case 0:
        clock += hours(rng.below(2));
        break;
      case 1:
      case 2:
        put(partition, skewed());
        break;
      case 3:
        ASSERT_TRUE(close(*closer, partition, skewed() - hours(1)));
        break;
      default:  // a member that has not heard of what others have put
        ASSERT_TRUE(close_at(*closer, partition, skewed() - hours(1), ends_[partition] / 2));
    }
    const auto all = markers();
    for (lake::Hour hour = kStart - hours(3); hour < clock + hours(3); hour += hours(1)) {
      std::vector<lake::HourMarker> of_hour;
      std::ranges::copy_if(all, std::back_inserter(of_hour),
                           [&](const auto& marker) { return marker.hour == hour; });
      const bool was = complete.contains(hour);
      ASSERT_TRUE(!was || complete[hour] == of_hour) << lake::format_hour(hour);
      const bool is = lake::is_complete(hour, of_hour, begins());
      ASSERT_TRUE(!was || is) << lake::format_hour(hour);
      if (is) complete[hour] = of_hour;
    }
  }
  expect_dense();
}

/// More in CI.
std::uint64_t hour_seeds() {
  const char* asked = std::getenv("SDP_HOUR_SEEDS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 8;
}

INSTANTIATE_TEST_SUITE_P(Seeds, HourCloserSeeds, testing::Range(std::uint64_t{1}, hour_seeds() + 1));

}  // namespace
}  // namespace sdp::sink
