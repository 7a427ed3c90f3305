#include "sink/start_offset.h"

#include <gtest/gtest.h>

#include "lake_reader/lake_reader.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

class StartOffsetTest : public testing::Test {
 protected:
  store::MemoryStore store_;
  const lake_reader::LakeReader lake_{store_, lake::Places()};
  const log::TopicId id_ = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
};

TEST_F(StartOffsetTest, LogThatStillHasTheChainEndGoesOnThere) {
  EXPECT_EQ(*start_offset(store_, lake_, {id_, 0}, "t", 5, {.start = 0, .end = 9}, GapPolicy::stop), 5);
  EXPECT_EQ(*start_offset(store_, lake_, {id_, 0}, "t", 9, {.start = 9, .end = 9}, GapPolicy::stop), 9);
}

TEST_F(StartOffsetTest, LostOffsetsStopTheSinkAndAreNamed) {
  const auto start = start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::stop);
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().kind, ErrorKind::data_gap);
  EXPECT_NE(start.error().message.find("[5, 8)"), std::string::npos) << start.error().message;
}

TEST_F(StartOffsetTest, AcknowledgedGapIsRecordedOnceAndThenPassed) {
  EXPECT_EQ(*start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::record), 8);
  EXPECT_EQ(*start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::stop), 8);
  const auto further =
      start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 20, .end = 30}, GapPolicy::stop);
  ASSERT_FALSE(further);
  EXPECT_NE(further.error().message.find("[8, 20)"), std::string::npos) << further.error().message;
  EXPECT_EQ(lake_.gaps_of(id_)->size(), 1u);
}

TEST_F(StartOffsetTest, AShorterGapOfAnotherSinkIsGoneOnFrom) {
  const lake::Gap theirs{"t", {id_, 2}, {5, 6}};
  ASSERT_TRUE(store_.put_new(lake::Places().gap_key({id_, 2}, 5), to_json(theirs), {}, "application/json"));
  EXPECT_EQ(*start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::record), 8);
  EXPECT_EQ(lake_.gaps_of(id_)->back().range, (lake::OffsetRange{6, 8}));
}

TEST_F(StartOffsetTest, ARecordThatTellsOfAnotherChainStopsTheSink) {
  const lake::Gap theirs{"t", {id_, 3}, {5, 8}};
  const std::string key = lake::Places().gap_key({id_, 2}, 5);
  ASSERT_TRUE(store_.put_new(key, to_json(theirs), {}, "application/json"));
  const auto start = start_offset(store_, lake_, {id_, 2}, "t", 5, {.start = 8, .end = 9}, GapPolicy::record);
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().kind, ErrorKind::bad_input);
  EXPECT_NE(start.error().message.find(key), std::string::npos) << start.error().message;
}

TEST_F(StartOffsetTest, LogBehindTheLakeStopsTheSink) {
  const auto start =
      start_offset(store_, lake_, {id_, 0}, "t", 10, {.start = 0, .end = 7}, GapPolicy::record);
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().kind, ErrorKind::data_gap);
}

}  // namespace
}  // namespace sdp::sink
