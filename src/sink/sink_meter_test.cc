#include "sink/sink_meter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "log/memory/memory_log.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Readiness, IsTheMembersOwn) {
  using metrics::Readiness;
  SinkStanding standing{.was_assigned = true, .partitions = {}};
  EXPECT_EQ(readiness_of(standing), Readiness::ready);  // more members than partitions
  standing.oldest_upload = seconds(5);
  EXPECT_EQ(readiness_of(standing), Readiness::ready);
  standing.oldest_upload = milliseconds(5'001);
  EXPECT_EQ(readiness_of(standing), Readiness::store_hangs);
  standing.log_answers = false;
  EXPECT_EQ(readiness_of(standing), Readiness::log_away);
  standing.stopping = true;
  EXPECT_EQ(readiness_of(standing), Readiness::stopping);
  EXPECT_EQ(readiness_of({.partitions = {}}), Readiness::starting);
}

class MeterTest : public testing::Test {
 protected:
  MeterTest() : clock_(UtcMillis(seconds(1'771'173'156))), health_(seconds(300), clock_.steady_now()) {}

  UploadResult result(CommitOutcome outcome) const {
    UploadResult result;
    result.records = 10;
    result.rejected = 3;
    result.rejected_codes = {{lake::RejectCode::not_json, 2}, {lake::RejectCode::tombstone, 1}};
    result.reason = CutReason::hour;
    result.body_bytes = 500;
    result.took = milliseconds(300);
    result.outcome = std::move(outcome);
    return result;
  }
  std::string text() const { return registry_.text(); }

  base::ManualClock clock_;
  metrics::Registry registry_;
  metrics::Health health_;
  SinkMeter meter_{"t", registry_, health_, clock_};
};

TEST_F(MeterTest, BeginsAtZeroWhereItKnowsWhatMayCome) {
  EXPECT_THAT(text(), HasSubstr("sink_objects_total{result=\"adopted\",topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_batches_total{cut=\"shutdown\",topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_records_total{topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), Not(HasSubstr("last_commit_timestamp_seconds{")));
}

TEST_F(MeterTest, CountsWhatAnObjectHas) {
  meter_.uploaded(result(Committed{}));
  meter_.uploaded(result(AlreadyOurs{}));
  EXPECT_THAT(text(), HasSubstr("sink_records_total{topic=\"t\"} 20\n"));
  EXPECT_THAT(text(), HasSubstr("sink_bytes_total{topic=\"t\"} 1000\n"));
  EXPECT_THAT(text(), HasSubstr("sink_batches_total{cut=\"hour\",topic=\"t\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sink_rejected_records_total{code=\"not_json\",topic=\"t\"} 4\n"));
  EXPECT_THAT(text(), HasSubstr("sink_rejected_records_total{code=\"tombstone\",topic=\"t\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sink_objects_total{result=\"already_ours\",topic=\"t\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sink_upload_duration_seconds_count{topic=\"t\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sink_last_commit_timestamp_seconds{topic=\"t\"} 1771173156\n"));
}

TEST_F(MeterTest, AnotherWritersObjectIsNoneOfOurs) {
  meter_.uploaded(result(Adopted{}));
  EXPECT_THAT(text(), HasSubstr("sink_objects_total{result=\"adopted\",topic=\"t\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sink_records_total{topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_batches_total{cut=\"hour\",topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_last_commit_timestamp_seconds{topic=\"t\"} "));
}

TEST_F(MeterTest, TellsOfItsPartitionsAndOfNoOthers) {
  SinkStanding standing{.was_assigned = true, .partitions = {}};
  standing.partitions = {{.partition = 1, .durable = 70, .committed = 60, .log_end = 100, .open_hours = 2},
                         {.partition = 2, .durable = 9, .log_end = 4, .open_hours = 0}};
  meter_.stands(standing);
  EXPECT_THAT(text(), HasSubstr("sink_lag_records{partition=\"1\",topic=\"t\"} 30\n"));
  EXPECT_THAT(text(), HasSubstr("sink_lag_records{partition=\"2\",topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_durable_offset{partition=\"1\",topic=\"t\"} 70\n"));
  EXPECT_THAT(text(), HasSubstr("sink_committed_offset{partition=\"1\",topic=\"t\"} 60\n"));
  EXPECT_THAT(text(), Not(HasSubstr("sink_committed_offset{partition=\"2\"")));
  EXPECT_THAT(text(), HasSubstr("sink_missing_hour_markers{partition=\"1\",topic=\"t\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sink_assigned_partitions{topic=\"t\"} 2\n"));
  standing.partitions.erase(standing.partitions.begin());
  meter_.stands(standing);
  EXPECT_THAT(text(), Not(HasSubstr("partition=\"1\"")));
  EXPECT_THAT(text(), HasSubstr("partition=\"2\""));
}

TEST_F(MeterTest, AnOutageIsSeenAtOnceAndItsEndToo) {
  meter_.outage_begun();
  EXPECT_THAT(text(), HasSubstr("sink_log_up{topic=\"t\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_outages_total{topic=\"t\"} 1\n"));
  meter_.stands({.was_assigned = true, .partitions = {}});
  EXPECT_THAT(text(), HasSubstr("sink_log_up{topic=\"t\"} 1\n"));
  EXPECT_TRUE(health_.ready(clock_.steady_now()).good);
}

TEST_F(MeterTest, ARunningSinkTellsItsCounts) {
  log::MemoryLog log({}, base::system_clock(), Rng(1));
  store::MemoryStore store;
  ASSERT_TRUE(log.ensure_topic({.name = "spotify-events", .partitions = 1}));
  for (int at = 0; at < 25; ++at) {
    const std::string value = at % 5 == 0 ? "no json" : fmt::format(R"({{"n":{}}})", at);
    log::RecordBytes record;
    record.value = value;
    ASSERT_TRUE(log.append(0, record));
  }
  SinkOptions options;
  options.limits.records_max = 10;
  options.poll_timeout = milliseconds(5);
  SinkMeter meter("spotify-events", registry_, health_, base::system_clock());
  SinkObserver silent;
  BothObservers both(meter, silent);
  SinkRunner runner(log, store, base::system_clock(), options, both);
  runner.finish_when_caught_up();
  ASSERT_TRUE(runner.run({}));
  EXPECT_THAT(text(), HasSubstr("sink_records_read_total{topic=\"spotify-events\"} 25\n"));
  EXPECT_THAT(text(), HasSubstr("sink_records_total{topic=\"spotify-events\"} 25\n"));
  EXPECT_THAT(text(), HasSubstr("{code=\"not_json\",topic=\"spotify-events\"} 5\n"));
  EXPECT_THAT(text(), HasSubstr("{result=\"created\",topic=\"spotify-events\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("{cut=\"records\",topic=\"spotify-events\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("{cut=\"shutdown\",topic=\"spotify-events\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("sink_durable_offset{partition=\"0\",topic=\"spotify-events\"} 25\n"));
  EXPECT_THAT(text(), HasSubstr("sink_committed_offset{partition=\"0\",topic=\"spotify-events\"} 25\n"));
  EXPECT_THAT(text(), HasSubstr("sink_lag_records{partition=\"0\",topic=\"spotify-events\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("sink_rebalances_total{topic=\"spotify-events\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("sink_uploads_in_flight{topic=\"spotify-events\"} 0\n"));
}

}  // namespace
}  // namespace sdp::sink
