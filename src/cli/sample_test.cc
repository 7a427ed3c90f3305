#include "cli/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sdp::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<log::Offset> firsts(const std::vector<lake::OffsetRange>& ranges) {
  std::vector<log::Offset> found;
  for (const auto& range : ranges) found.push_back(range.first);
  return found;
}

TEST(Sample, EachPartitionGivesItsShareAndMoreWhereOthersHaveLess) {
  const std::vector<log::Watermarks> even{{0, 100}, {0, 100}};
  EXPECT_THAT(firsts(newest_offsets(even, 10)), ElementsAre(95, 95));
  const std::vector<log::Watermarks> uneven{{50, 50}, {20, 120}, {7, 8}};
  EXPECT_THAT(newest_offsets(uneven, 10),
              ElementsAre(lake::OffsetRange{50, 50}, lake::OffsetRange{111, 120}, lake::OffsetRange{7, 8}));
  EXPECT_THAT(firsts(newest_offsets(uneven, 1'000)), ElementsAre(50, 20, 7));
  EXPECT_THAT(newest_offsets({}, 10), IsEmpty());
}

SampleRecord record(log::Offset offset, std::string value) {
  return {.place = {}, .at = log::PartitionOffset{0, offset}, .value = std::move(value), .refused = {}};
}

std::vector<log::Offset> offsets(NewestRecords& newest) {
  std::vector<log::Offset> found;
  for (const SampleRecord& one : newest.take()) found.push_back(one.at->offset);
  return found;
}

UtcMillis at(int ms) {
  return UtcMillis(std::chrono::milliseconds(ms));
}

TEST(Sample, TheNewestRecordsAreKeptInTheOrderOfTheirTimes) {
  NewestRecords newest(3, 1'000);
  newest.add(at(5), record(1, "a"));
  newest.add(at(9), record(2, "a"));
  EXPECT_FALSE(newest.is_full());
  newest.add(at(1), record(3, "a"));
  EXPECT_TRUE(newest.is_full());
  newest.add(at(5), record(4, "a"));
  EXPECT_THAT(offsets(newest), ElementsAre(1, 4, 2));
}

TEST(Sample, ALargeRecordTakesThePlaceOfOlderOnes) {
  NewestRecords newest(10, 100);
  for (const int one : {1, 2, 3}) newest.add(at(one), record(one, std::string(40, 'x')));
  EXPECT_TRUE(newest.is_full());
  EXPECT_THAT(offsets(newest), ElementsAre(2, 3));
  NewestRecords one(10, 100);
  one.add(at(1), record(1, std::string(1'000, 'x')));
  EXPECT_THAT(offsets(one), ElementsAre(1));
}

TEST(Sample, LinesAndElementsAreRecords) {
  const auto lines = records_of("{\"a\":1}\r\n \n[2]\nx", "f", 10);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 3U);
  EXPECT_EQ(lines->front().value, "{\"a\":1}");
  EXPECT_EQ(lines->back().place, "record 3");
  const auto elements = records_of(" [{\"a\": 1}, 2, 3]", "f", 2);
  ASSERT_TRUE(elements);
  ASSERT_EQ(elements->size(), 2U);
  EXPECT_EQ(elements->front().value, "{\"a\": 1}");
  EXPECT_FALSE(records_of("[1", "f", 2));
}

}  // namespace
}  // namespace sdp::cli
