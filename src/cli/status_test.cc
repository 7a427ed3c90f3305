#include "cli/status.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const UtcMillis kNow = *base::parse_iso("2026-02-15T17:52:40.000Z");
const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");

PartitionStatus partition(log::Partition number, log::Offset log_end, log::Offset lake_end) {
  PartitionStatus one;
  one.partition = number;
  one.available = {0, log_end};
  one.lake_end = lake_end;
  one.lag = log_end - lake_end;
  return one;
}

/// 100 offsets of the log, of which the lake has `lake_end`.
Status status(log::Offset lake_end) {
  Status all;
  all.at = kNow;
  all.topic = "spotify-events";
  all.topic_id = kTopic;
  all.group = "spotify-sink";
  all.lake = "directory lake";
  all.published_to = "published";
  all.pace = {.cut_within = seconds(10), .hour_grace = seconds(60)};
  all.partitions.push_back(partition(0, 100, lake_end));
  if (lake_end < 100) all.partitions[0].waiting_since = kNow - seconds(4);
  return all;
}

snapshot::LedgerRow row(log::Partition partition, log::Offset end, const log::TopicId& topic = kTopic) {
  return {.object_key = lake::format_key({.first_timestamp = kNow,
                                          .topic_id_short = lake::short_id(topic),
                                          .partition = partition,
                                          .first = 0,
                                          .compression = lake::Compression::none}),
          .topic = "spotify-events",
          .partition = static_cast<std::uint64_t>(partition),
          .first_offset = 0,
          .last_offset = static_cast<std::uint64_t>(end - 1),
          .records = static_cast<std::uint64_t>(end),
          .rejected = 0,
          .loaded_at = {}};
}

/// The lake has all of the log, and what is published has `end` offsets of it.
Status published(log::Offset end) {
  Status all = status(100);
  PublishedStatus found;
  found.path = "published/20260215T175236123Z";
  found.summary.id = "20260215T175236123Z";
  found.summary.ledger.objects = 1;
  found.summary.ledger.records = static_cast<std::uint64_t>(end);
  found.summary.ledger.tail.push_back(row(0, end));
  all.published = std::move(found);
  return all;
}

snapshot::Proof proof(bool proved) {
  return {.snapshot = "20260215T175236123Z",
          .at = "2026-02-15T17:52:37.000Z",
          .proved = proved,
          .verdict = proved ? "proved: 100 offsets" : "NOT proved: 1 problem",
          .stages = {},
          .findings = {},
          .notes = {}};
}

TEST(WhyWaiting, NothingWaitsWhereTheLakeHasAll) {
  EXPECT_FALSE(why_waiting(status(100)));
}

TEST(WhyWaiting, NobodyReadsWithoutASink) {
  Status all = status(0);
  all.sinks = 0;
  const auto waiting = why_waiting(all);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->reason, "no_sink");
  EXPECT_EQ(waiting->text,
            "100 offsets of the log are not in the lake, where nothing was cut yet: no sink runs; group "
            "spotify-sink "
            "has no member");
  EXPECT_EQ(next_step(all).command, "spotify-pipeline sink");
}

TEST(WhyWaiting, YoungRecordsWaitForTheirObject) {
  Status all = status(99);
  all.sinks = 1;
  EXPECT_EQ(why_waiting(all)->reason, "young");
  EXPECT_EQ(why_waiting(all)->text,
            "1 offset of the log is not in the lake: the oldest has waited 4 s, and a sink with these "
            "settings cuts "
            "an object after 10 s");
  EXPECT_EQ(next_step(all).command, "");
}

TEST(WhyWaiting, OldRecordsOfARunningSinkAreWorthALook) {
  Status all = status(60);
  all.sinks = 2;
  all.partitions[0].waiting_since = kNow - seconds(90);
  EXPECT_EQ(why_waiting(all)->reason, "overdue");
  EXPECT_NE(why_waiting(all)->text.find("group spotify-sink has 2 members, whose log says"),
            std::string::npos);
  EXPECT_EQ(next_step(all).command, "spotify-pipeline doctor");
  // The oldest counts, whatever partition has it.
  all.partitions.push_back(partition(1, 10, 0));
  all.partitions[1].waiting_since = kNow - seconds(1);
  EXPECT_EQ(why_waiting(all)->reason, "overdue");
  all.sinks = std::nullopt;
  EXPECT_NE(why_waiting(all)->text.find("could not be asked"), std::string::npos);
}

TEST(WhyWaiting, ProducersTimesSayNothingOfTheWait) {
  Status all = status(60);
  all.sinks = 1;
  all.append_times = false;
  EXPECT_EQ(why_waiting(all)->reason, "unknown");
  all.append_times = true;
  all.partitions[0].waiting_since = std::nullopt;
  EXPECT_EQ(why_waiting(all)->reason, "unknown");
}

TEST(WhyWaiting, WhatTheLogHasDeletedComesFirst) {
  Status all = status(60);
  all.sinks = 0;
  all.partitions[0].deleted = 5;
  EXPECT_EQ(why_waiting(all)->reason, "deleted");
  EXPECT_EQ(next_step(all).command, "spotify-pipeline sink --allow-gap");
}

TEST(NextStep, AnEmptyTopicWantsRecords) {
  Status all = status(0);
  all.partitions = {partition(0, 0, 0), partition(1, 0, 0)};
  EXPECT_EQ(next_step(all).command, "spotify-pipeline simulate --events 1000");
  EXPECT_EQ(next_step(all).why, "the topic has no record");
}

TEST(NextStep, WhatIsNotPublishedIsLoaded) {
  EXPECT_EQ(next_step(status(100)).command, "spotify-pipeline load && spotify-pipeline transform");
  EXPECT_EQ(next_step(published(60)).why, "40 offsets of the lake are not in what is published");
  Status nowhere = status(100);
  nowhere.published_to = "";
  EXPECT_EQ(next_step(nowhere).command, "");
  Status damaged = status(100);
  damaged.published_problem = "snapshot.json: it is not a whole snapshot.json";
  EXPECT_EQ(next_step(damaged).command, "spotify-pipeline publish");
}

TEST(NextStep, WhatIsPublishedIsProvedThenLookedAt) {
  Status all = published(100);
  EXPECT_EQ(next_step(all).command, "spotify-pipeline verify");
  all.published->proof = proof(false);
  EXPECT_EQ(next_step(all).command, "spotify-pipeline verify");
  all.published->proof = proof(true);
  EXPECT_EQ(next_step(all).command, "spotify-pipeline serve");
}

TEST(NextStep, AnHourThatNobodyClosesWantsASink) {
  Status all = published(100);
  all.hours.push_back({.hour = lake::hour_of(kNow) - std::chrono::hours(1)});
  all.sinks = 0;
  EXPECT_TRUE(wants_sinks(all));
  EXPECT_EQ(next_step(all).command, "spotify-pipeline sink");
  all.hours[0].complete = true;
  EXPECT_FALSE(wants_sinks(all));
}

TEST(NextStep, CommandsHaveTheFlagsOfThisCallThatTheyTake) {
  const std::string servers = " --bootstrap-servers 127.0.0.1:9092 --topic mine";
  const SharedFlags flags{{"simulate", servers},
                          {"sink", servers + " --lake s3://mine"},
                          {"load", " --lake s3://mine"},
                          {"transform", " --published out"}};
  Status empty = status(0);
  empty.partitions = {partition(0, 0, 0)};
  empty.flags = flags;
  EXPECT_EQ(next_step(empty).command, "spotify-pipeline simulate --events 1000" + servers);
  Status behind = status(60);
  behind.flags = flags;
  behind.sinks = 0;
  EXPECT_EQ(next_step(behind).command, "spotify-pipeline sink" + servers + " --lake s3://mine");
  behind.partitions[0].deleted = 5;
  EXPECT_EQ(next_step(behind).command, "spotify-pipeline sink --allow-gap" + servers + " --lake s3://mine");
  Status unpublished = status(100);
  unpublished.flags = flags;
  EXPECT_EQ(next_step(unpublished).command,
            "spotify-pipeline load --lake s3://mine && spotify-pipeline transform --published out");
}

TEST(Unpublished, IsToldPartitionByPartition) {
  EXPECT_EQ(unpublished(published(100)), 0u);
  EXPECT_EQ(unpublished(published(30)), 70u);
  EXPECT_EQ(unpublished(status(100)), std::nullopt);
  // Of another topic's objects with this number of a partition.
  Status other = published(100);
  other.published->summary.ledger.tail[0] =
      row(0, 100, *base::parse_uuid("99999999-0000-4000-8000-000000000000"));
  EXPECT_EQ(unpublished(other), 100u);
  // The ledger's last rows need not have every partition.
  other.published->summary.ledger.objects = 1'000;
  EXPECT_EQ(unpublished(other), std::nullopt);
}

TEST(LateHour, IsOverForLongerThanItsGrace) {
  const SinkPace pace{.cut_within = seconds(10), .hour_grace = seconds(60)};
  lake_reader::HourStatus hour{.hour = lake::hour_of(kNow)};
  const UtcMillis end = hour.hour + std::chrono::hours(1);
  EXPECT_FALSE(is_late(hour, kNow, pace));
  EXPECT_FALSE(is_late(hour, end + seconds(120), pace));
  EXPECT_TRUE(is_late(hour, end + seconds(121), pace));
  hour.complete = true;
  EXPECT_FALSE(is_late(hour, end + seconds(121), pace));
}

TEST(StatusText, IsOneScreen) {
  Status all = published(60);
  all.published->proof = proof(true);
  all.published->summary.completeness.kept = 50;
  all.published->summary.completeness.duplicates = 1;
  all.published->summary.completeness.rejected_by_silver = 4;
  all.published->summary.marts = 23;
  all.partitions[0].log_newest = kNow - milliseconds(200);
  all.partitions[0].lake_newest = kNow - seconds(130);
  for (int number = 1; number < 40; ++number) all.partitions.push_back(partition(number, 0, 0));
  for (int hour = 30; hour > 0; --hour)
    all.hours.push_back({.hour = lake::hour_of(kNow) - std::chrono::hours(hour)});
  const std::string text = to_text(all);
  EXPECT_LE(std::ranges::count(text, '\n'), 32) << text;
  EXPECT_NE(text.find("\n  lake    100 offsets  "), std::string::npos) << text;
  EXPECT_NE(text.find("2026-02-15T17:50:30.000Z  2 min\n"), std::string::npos) << text;
  EXPECT_NE(text.find("50 kept, 1 duplicate, 4 rejected"), std::string::npos) << text;
  EXPECT_NE(text.find("0 closed, 0 open, 30 late; not closed: 26 more, 2026-02-15T13 (0 of 40 partitions)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("proved: 100 offsets at 2026-02-15T17:52:37.000Z"), std::string::npos) << text;
  EXPECT_NE(text.find("spotify-pipeline load && spotify-pipeline transform"), std::string::npos) << text;
}

TEST(StatusText, WhatOthersNamedActsOnNoTerminal) {
  Status all = status(0);
  all.group = "a\x1b[2Jb";
  all.sinks = 0;
  EXPECT_EQ(to_text(all).find('\x1b'), std::string::npos);
  EXPECT_EQ(to_line(all).find('\x1b'), std::string::npos);
}

TEST(StatusJson, KeepsWhatItHadAndSaysTheRest) {
  Status all = published(60);
  all.partitions[0].lake_newest = kNow - milliseconds(1'500);
  all.published->summary.last_proof = proof(true);
  const auto json = to_json(all);
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["lag"], 0);
  EXPECT_EQ(json["partitions"][0]["lake_end"], 100);
  EXPECT_TRUE(json["partitions"][0]["committed"].is_null());
  EXPECT_EQ(json["stages"][1]["age_seconds"], 1.5);
  EXPECT_EQ(json["stages"][2]["behind"], 40);
  EXPECT_TRUE(json["waiting"].is_null());
  EXPECT_FALSE(json["proof"]["is_of_published"]);
  EXPECT_EQ(json["next"]["command"], "spotify-pipeline load && spotify-pipeline transform");
  const auto none = to_json(status(10));
  EXPECT_TRUE(none["published"].is_null());
  EXPECT_TRUE(none["proof"].is_null());
  EXPECT_TRUE(none["stages"][3]["count"].is_null());
  EXPECT_EQ(none["waiting"]["since"], "2026-02-15T17:52:36.000Z");
}

}  // namespace
}  // namespace sdp::cli
