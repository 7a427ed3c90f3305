#include "sink/same_log.h"

#include <gtest/gtest.h>

#include "lake/line.h"
#include "sink/batch.h"

namespace sdp::sink {
namespace {

constexpr std::size_t kLimit = 100;
constexpr UtcMillis kTime{std::chrono::milliseconds(1'771'177'956'123)};

log::RecordView record(std::string_view value, UtcMillis time = kTime) {
  log::RecordView record;
  record.offset = 9;
  record.timestamp = time;
  record.value = value;
  record.leader_epoch = 3;
  return record;
}

lake::ObjectMeta object_of(const log::RecordView& last, int layout, std::size_t limit = kLimit,
                           lake::LineEncoder::Framed framed = lake::LineEncoder::Framed::kept) {
  Batch batch;
  batch.range = {0, 10};
  batch.last_timestamp = last.timestamp;
  batch.leader_epoch = last.leader_epoch;
  lake::LineEncoder encoder(limit, framed);
  encoder.append(batch.lines, record("{\"n\":0}"));
  encoder.append(batch.lines, last);
  return meta_of(batch, "t", lake::Places(layout));
}

std::string difference_of(const lake::ObjectMeta& object, const log::RecordView& now) {
  return difference(object, last_record_of(now, kLimit)).value_or("none");
}

TEST(SameLog, TheSameRecordIsNoDifference) {
  for (const int layout : {1, 2}) {
    for (const std::string_view value : {"{\"n\":1}", "not json"})
      EXPECT_EQ(difference_of(object_of(record(value), layout), record(value)), "none");
    const auto wild = record("{}", UtcMillis(std::chrono::milliseconds(-7)));
    EXPECT_EQ(difference_of(object_of(wild, layout), wild), "none");
  }
}

TEST(SameLog, AnObjectOfLayout1InAnUpgradedLakeIsComparedAsThatFiledIt) {
  const auto wild =
      record("{}", UtcMillis(std::chrono::milliseconds(kTime.time_since_epoch().count() * 1000)));
  const lake::ObjectMeta old = object_of(wild, 1);
  EXPECT_NE(old.last_timestamp, wild.timestamp);
  EXPECT_EQ(difference_of(old, wild), "none");
}

TEST(SameLog, ALimitThatChangedSinceIsNoDifference) {
  const std::string large = "{\"n\":\"" + std::string(kLimit, 'x') + "\"}";
  for (const std::size_t limit : {std::size_t{5}, std::size_t{1'000}})
    EXPECT_EQ(difference_of(object_of(record(large), 2, limit), record(large)), "none") << limit;
}

TEST(SameLog, ARecordThatAnEarlierVersionRejectedForTheIdOfItsSchemaIsTheSame) {
  using namespace std::string_view_literals;
  const auto framed = record("\0\0\0\0\x0a{\"n\":1}"sv);
  EXPECT_EQ(difference_of(object_of(framed, 2), framed), "none");
  EXPECT_EQ(difference_of(object_of(framed, 2, kLimit, lake::LineEncoder::Framed::rejected), framed), "none");
  EXPECT_TRUE(difference_of(object_of(framed, 2), record("\0\0\0\0\x0b{\"n\":1}"sv)).contains("value"));
}

TEST(SameLog, AnotherRecordIsNamed) {
  const lake::ObjectMeta object = object_of(record("{\"n\":1}"), 2);
  EXPECT_EQ(difference(object, std::nullopt), "the log has no record there");
  EXPECT_TRUE(
      difference_of(object, record("{\"n\":1}", kTime + std::chrono::milliseconds(1))).contains("time"));
  EXPECT_TRUE(difference_of(object, record("{\"n\":2}")).contains("value"));
  auto elected = record("{\"n\":1}");
  elected.leader_epoch = 4;
  EXPECT_TRUE(difference_of(object, elected).contains("leader epoch"));
  elected.leader_epoch.reset();
  EXPECT_EQ(difference_of(object, elected), "none");
}

TEST(SameLog, Layout1KnowsTheTimeAlone) {
  const lake::ObjectMeta object = object_of(record("{\"n\":1}"), 1);
  EXPECT_EQ(difference_of(object, record("{\"n\":2}")), "none");
  EXPECT_NE(difference_of(object, record("{\"n\":1}", kTime + std::chrono::milliseconds(1))), "none");
}

}  // namespace
}  // namespace sdp::sink
