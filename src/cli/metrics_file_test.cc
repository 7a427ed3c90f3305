#include "cli/metrics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "os/files.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kLoadSucceeded = "last_success_timestamp_seconds{command=\"load\"} 1771173156\n";

CommandEnd end_of(int exit_code) {
  return {.command = "load",
          .exit_code = exit_code,
          .ended_at = UtcMillis(seconds(1'771'173'156)),
          .took = std::chrono::milliseconds(2'500),
          .work = {.records = 70, .objects = 3}};
}

TEST(MetricsOfACommand, TellHowItEnded) {
  const std::string text = metrics_of(end_of(0), "");
  EXPECT_THAT(text, HasSubstr("command_exit_code{command=\"load\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("command_duration_seconds{command=\"load\"} 2.5\n"));
  EXPECT_THAT(text, HasSubstr("command_last_run_timestamp_seconds{command=\"load\"} 1771173156\n"));
  EXPECT_THAT(text, HasSubstr(kLoadSucceeded));
  EXPECT_THAT(text, HasSubstr("command_records{command=\"load\"} 70\n"));
  EXPECT_THAT(text, HasSubstr("command_objects{command=\"load\"} 3\n"));
}

TEST(MetricsOfACommand, AFailureKeepsTheLastSuccess) {
  const std::string good = metrics_of(end_of(0), "");
  CommandEnd later = end_of(69);
  later.ended_at += seconds(100);
  const std::string failed = metrics_of(later, good);
  EXPECT_THAT(failed, HasSubstr("command_exit_code{command=\"load\"} 69\n"));
  EXPECT_THAT(failed, HasSubstr("command_last_run_timestamp_seconds{command=\"load\"} 1771173256\n"));
  EXPECT_THAT(failed, HasSubstr(kLoadSucceeded));
  EXPECT_THAT(metrics_of(later, failed), HasSubstr(kLoadSucceeded));
}

TEST(MetricsOfACommand, WithoutASuccessThereIsNone) {
  EXPECT_THAT(metrics_of(end_of(1), ""), Not(HasSubstr("last_success_timestamp_seconds{")));
  EXPECT_THAT(
      metrics_of(end_of(1), "\nspotify_pipeline_command_last_success_timestamp_seconds{command=\"load\"} x"),
      Not(HasSubstr("last_success_timestamp_seconds{")));
  CommandEnd other = end_of(1);
  other.command = "verify";
  EXPECT_THAT(metrics_of(other, metrics_of(end_of(0), "")),
              Not(HasSubstr("last_success_timestamp_seconds{")));
}

TEST(MetricsOfACommand, TellWhatTheDisksHaveFree) {
  CommandEnd end = end_of(73);
  end.work.disks = {{.place = "warehouse", .path = fs::path(testing::TempDir()) / "none" / "w.duckdb"}};
  EXPECT_THAT(metrics_of(end, ""), HasSubstr("disk_free_bytes{command=\"load\",place=\"warehouse\"} "));
}

TEST(MetricsOfACommand, TheTimeOfAPaidWarehouseIsCountedOn) {
  EXPECT_THAT(metrics_of(end_of(0), ""), Not(HasSubstr("warehouse_seconds_total{")));
  CommandEnd paid = end_of(0);
  paid.work.warehouse_time = std::chrono::milliseconds(1'500);
  const std::string first = metrics_of(paid, "");
  EXPECT_THAT(first, HasSubstr("command_warehouse_seconds_total{command=\"load\"} 1.5\n"));
  EXPECT_THAT(metrics_of(paid, first), HasSubstr("command_warehouse_seconds_total{command=\"load\"} 3\n"));
  // A run that never came to its warehouse takes nothing away.
  EXPECT_THAT(metrics_of(end_of(1), first), HasSubstr("warehouse_seconds_total{command=\"load\"} 1.5\n"));
}

class MetricsFileTest : public testing::Test {
 protected:
  ~MetricsFileTest() override { fs::remove_all(folder_); }
  std::string text() const { return os::read_file(path_).value().value_or("none"); }

  const fs::path folder_ = [] {
    const fs::path folder = fs::path(testing::TempDir()) / "metrics_file_test";
    fs::create_directories(folder);
    return folder;
  }();
  const fs::path path_ = folder_ / "load.prom";
  base::ManualClock clock_{UtcMillis(seconds(1'771'173'156))};
};

TEST_F(MetricsFileTest, IsReplacedAndLeavesNothingElse) {
  std::ofstream(path_) << "old";
  MetricsFile file("load", path_, clock_);
  clock_.advance(seconds(2));
  file.work().records = 7;
  ASSERT_TRUE(file.write(0));
  EXPECT_THAT(text(), HasSubstr("command_duration_seconds{command=\"load\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("command_records{command=\"load\"} 7\n"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(MetricsFileTest, AnExceptionIsAFailure) {
  try {
    const MetricsFile file("load", path_, clock_);
    throw std::runtime_error("unforeseen");
  } catch (const std::runtime_error&) {
    EXPECT_THAT(text(), HasSubstr("command_exit_code{command=\"load\"} 1\n"));
  }
}

TEST_F(MetricsFileTest, WithoutAPathNothingIsWritten) {
  MetricsFile file("load", "", clock_);
  EXPECT_TRUE(file.write(0));
}

TEST_F(MetricsFileTest, WhereItCannotBeIsSaid) {
  MetricsFile file("load", folder_ / "none" / "load.prom", clock_);
  const auto written = file.write(0);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("--metrics-file"));
  EXPECT_THAT(written.error().message, HasSubstr("load.prom"));
}

}  // namespace
}  // namespace sdp::cli
