#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

const lake::Hour kStart = lake::parse_hour("2026-02-15T22").value_or(lake::Hour());
const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
const log::TopicId kOther = *base::parse_uuid("99999999-0000-4000-8000-000000000000");

class CompleteHours : public testing::Test {
 protected:
  void begin(log::Partition partition, int hour, log::TopicId topic = kTopic) {
    const lake::ChainBegin begin{{topic, partition}, kStart + std::chrono::hours(hour)};
    ASSERT_TRUE(
        store_.put_new(lake::Places().begin_key(begin.chain), to_json(begin), {}, "application/json"));
  }
  void close(log::Partition partition, int hour, log::Offset next, log::TopicId topic = kTopic) {
    lake::HourMarker marker;
    marker.chain = {topic, partition};
    marker.partitions = 2;
    marker.hour = kStart + std::chrono::hours(hour);
    marker.range = {0, next};
    marker.records = next;
    ASSERT_TRUE(store_.put_new(lake::Places().marker_key(marker.chain, marker.hour), to_json(marker), {},
                               "application/json"));
  }

  store::MemoryStore store_;
  const LakeReader lake_{store_, lake::Places()};
};

TEST_F(CompleteHours, LakeWithoutMarkersHasNone) {
  EXPECT_TRUE(lake_.complete_through().value().empty());
  EXPECT_TRUE(lake_.newest_hours(kTopic, 5).value().empty());
}

TEST_F(CompleteHours, LastHourThatAllPartitionsClosedIsTheBound) {
  begin(0, 0);
  begin(1, 0);
  for (int hour = 0; hour < 4; ++hour) close(0, hour, 10 * hour + 10);
  for (int hour = 0; hour < 3; ++hour) close(1, hour, 7);
  const auto complete = lake_.complete_through().value();
  ASSERT_EQ(complete.size(), 1u);
  EXPECT_EQ(complete.at("1a2b3c4d").hour, kStart + std::chrono::hours(2));
  EXPECT_EQ(complete.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 30}, {1, 7}}));
  const auto up_to = lake_.complete_through(kStart + std::chrono::hours(1)).value();
  EXPECT_EQ(up_to.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 20}, {1, 7}}));
  EXPECT_TRUE(lake_.complete_through(kStart - std::chrono::hours(1)).value().empty());
}

TEST_F(CompleteHours, EachTopicIdHasItsOwn) {
  for (const log::TopicId& topic : {kTopic, kOther}) {
    begin(0, 0, topic);
    begin(1, 1, topic);
  }
  close(0, 0, 5, kOther);
  close(0, 0, 8);
  close(0, 1, 9);
  close(1, 1, 3);
  const auto complete = lake_.complete_through().value();
  EXPECT_EQ(complete.at("1a2b3c4d").next, (std::map<log::Partition, log::Offset>{{0, 9}, {1, 3}}));
  EXPECT_EQ(complete.at("99999999").next, (std::map<log::Partition, log::Offset>{{0, 5}, {1, 0}}));
}

TEST_F(CompleteHours, DamagedMarkerIsNamed) {
  begin(0, 0);
  ASSERT_TRUE(store_.put_new(lake::Places().marker_key({kTopic, 0}, kStart), "{}", {}, "application/json"));
  const auto complete = lake_.complete_through();
  ASSERT_FALSE(complete);
  EXPECT_NE(complete.error().message.find("hour=22/t1a2b3c4d_p0.json"), std::string::npos)
      << complete.error().message;
}

TEST_F(CompleteHours, StatusTellsOpenAndCompleteHours) {
  begin(0, 0);
  begin(1, 0);
  for (int hour = 0; hour < 3; ++hour) close(0, hour, 10);
  close(1, 0, 1);
  const lake::ObjectKey key{UtcMillis(kStart + std::chrono::hours(5)), "1a2b3c4d", 1, 1,
                            lake::Compression::none};
  ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", {}, "text/plain"));
  const auto hours = lake_.newest_hours(kTopic, 3).value();
  ASSERT_EQ(hours.size(), 3u);
  EXPECT_EQ(hours[0].hour, kStart + std::chrono::hours(1));
  EXPECT_FALSE(hours[0].complete);
  EXPECT_EQ(hours[0].partitions_closed, 1);
  EXPECT_EQ(hours[2].hour, kStart + std::chrono::hours(5));
  EXPECT_EQ(hours[2].partitions_closed, 0);
  EXPECT_TRUE(lake_.newest_hours(kTopic, 10).value()[0].complete);
}

/// What a look at a lake's newest hours asks of the store.
class NewestHours : public CompleteHours {
 protected:
  /// Both partitions have closed so many hours.
  void close_all(int count) {
    for (const log::Partition partition : {0, 1}) {
      begin(partition, 0);
      for (int hour = 0; hour < count; ++hour) close(partition, hour, hour + 1);
    }
  }
  /// The answer to a look that knows what the one before it found.
  std::vector<HourStatus> look(std::size_t count, std::span<const HourStatus> known = {}) {
    markers_read_ = 0;
    calls_ = 0;
    store::FaultyStore counted(
        store_, {},
        {.before =
             [this](const store::StoreCall& call) {
               ++calls_;
               markers_read_ +=
                   call.op == store::StoreOp::get && lake::Places().parse_marker_key(call.key) ? 1 : 0;
             },
         .after = {}});
    return LakeReader(counted, lake::Places()).newest_hours(kTopic, count, known).value();
  }
  static std::vector<std::int64_t> records(const std::vector<HourStatus>& hours) {
    std::vector<std::int64_t> all;
    for (const HourStatus& hour : hours) all.push_back(hour.records.value_or(-1));
    return all;
  }

  int calls_ = 0;
  int markers_read_ = 0;
};

TEST_F(NewestHours, OfAnOldLakeCostAsMuchAsOfAnyOther) {
  const auto add_objects = [this](int from, int to) {
    for (int hour = from; hour < to; ++hour) {
      const lake::ObjectKey key{UtcMillis(kStart + std::chrono::hours(hour)), "1a2b3c4d", 0, hour,
                                lake::Compression::none};
      ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", {}, "text/plain"));
    }
  };
  close_all(26);
  add_objects(0, 26);
  EXPECT_EQ(look(24).size(), 24u);
  EXPECT_LT(calls_, 24);
  const int of_young = calls_;
  EXPECT_EQ(markers_read_, 2);
  for (const log::Partition partition : {0, 1})
    for (int hour = 26; hour < 26 + 24 * 300; ++hour) close(partition, hour, hour + 1);
  add_objects(26, 26 + 24 * 300);
  const auto hours = look(24);
  EXPECT_EQ(calls_, of_young);
  EXPECT_EQ(markers_read_, 2);
  ASSERT_EQ(hours.size(), 24u);
  EXPECT_TRUE(std::ranges::all_of(hours, &HourStatus::complete));
  EXPECT_EQ(hours.back().records, 2 * 7226);
}

TEST_F(NewestHours, AreCountedOneByOneByWhoLooksAgain) {
  close_all(3);
  auto hours = look(24);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{-1, -1, 6}));
  hours = look(24, hours);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{-1, 4, 6}));
  hours = look(24, hours);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{2, 4, 6}));
  EXPECT_EQ(markers_read_, 2);
  hours = look(24, hours);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{2, 4, 6}));
  EXPECT_EQ(markers_read_, 0);
  // What has been added since is read, and nothing else.
  close(0, 3, 8);
  hours = look(24, hours);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{2, 4, 6, 8}));
  EXPECT_FALSE(hours.back().complete);
  close(1, 3, 9);
  hours = look(24, hours);
  EXPECT_EQ(records(hours), (std::vector<std::int64_t>{2, 4, 6, 17}));
  EXPECT_TRUE(hours.back().complete);
  EXPECT_EQ(markers_read_, 2);
}

TEST_F(NewestHours, ALostMarkerIsMissedBehindACompleteHour) {
  close_all(2);
  begin(0, 0, kOther);
  for (int hour = 0; hour < 4; ++hour) close(0, hour, 1, kOther);
  close(0, 2, 3);
  for (const log::Partition partition : {0, 1}) close(partition, 3, 4);
  const auto hours = look(24);
  ASSERT_EQ(hours.size(), 4u);
  EXPECT_TRUE(hours[3].complete);
  EXPECT_FALSE(hours[2].complete);
  EXPECT_EQ(hours[2].partitions_closed, 1);
  EXPECT_TRUE(hours[1].complete);
}

TEST_F(NewestHours, APartitionThatHasNoBeginIsMissedByWhatTheMarkersSay) {
  begin(0, 0);
  for (int hour = 0; hour < 2; ++hour) close(0, hour, 1);  // they say that there are two partitions
  const auto hours = look(24);
  ASSERT_EQ(hours.size(), 2u);
  EXPECT_FALSE(hours[0].complete);
  EXPECT_FALSE(hours[1].complete);
}

TEST_F(NewestHours, AnHourWithObjectsThatNobodyClosedIsAmongThem) {
  close_all(3);
  for (const int hour : {-30, 1, 4}) {
    const lake::ObjectKey key{UtcMillis(kStart + std::chrono::hours(hour)), "1a2b3c4d", 1, hour + 30,
                              lake::Compression::none};
    ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", {}, "text/plain"));
  }
  const auto hours_of = [](const std::vector<HourStatus>& all) {
    std::vector<int> hours;
    for (const HourStatus& one : all) hours.push_back(static_cast<int>((one.hour - kStart).count()));
    return hours;
  };
  EXPECT_EQ(hours_of(look(24)), (std::vector{-30, 0, 1, 2, 4}));
  EXPECT_FALSE(look(24).back().complete);
  EXPECT_EQ(hours_of(look(4)), (std::vector{0, 1, 2, 4}));
  EXPECT_EQ(hours_of(look(1)), (std::vector{4}));
  EXPECT_TRUE(look(0).empty());
  EXPECT_EQ(calls_, 0);
}

TEST_F(NewestHours, NobodyIsToCloseAFolderBeforeTheFirstHoursOfItsChains) {
  close_all(1);
  const auto put = [&](int hour, log::Partition partition) {
    const lake::ObjectKey key{UtcMillis(kStart + std::chrono::hours(hour)), "1a2b3c4d", partition, 0,
                              lake::Compression::none};
    ASSERT_TRUE(store_.put_new(lake::format_key(key), "x\n", {}, "text/plain"));
  };
  put(-490'000, 0);
  put(-490'000, 1);
  put(-3, 1);
  put(-3, 2);  // this one has no first hour yet
  const auto hours = look(24);
  ASSERT_EQ(hours.size(), 3u);
  EXPECT_TRUE(hours[0].complete);
  EXPECT_FALSE(hours[1].complete);
  EXPECT_TRUE(hours[2].complete);
}

}  // namespace
}  // namespace sdp::lake_reader
