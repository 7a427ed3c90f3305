#include "diag/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace sdp::diag {
namespace {

using Json = nlohmann::json;

/// Takes what this process logs while it lives.
class Log : public testing::Test {
 protected:
  ~Log() override { configure({}); }

  void log_as(Format format, std::string_view levels = "debug") {
    configure({.format = format,
               .enabled = parse_levels(levels).value(),
               .command = "sink",
               .write = [this](std::string_view line) { lines_.emplace_back(line); },
               .clock = &clock_});
  }
  std::string only_line() const {
    return lines_.size() == 1 ? lines_[0] : std::to_string(lines_.size()) + " lines";
  }

  base::ManualClock clock_{UtcMillis(std::chrono::milliseconds(1'771'113'600'123))};
  std::vector<std::string> lines_;
};

TEST_F(Log, JsonLineIsFlatAndBeginsWithTimeLevelAndEvent) {
  log_as(Format::json);
  log_event("sink.partition.assigned",
            {{"topic", "spotify-events"}, {"partition", 3}, {"offset", std::int64_t{1} << 40}});
  EXPECT_EQ(
      only_line(),
      R"({"ts":"2026-02-15T00:00:00.123Z","level":"info","event":"sink.partition.assigned","command":"sink",)"
      R"("topic":"spotify-events","partition":3,"offset":1099511627776})"
      "\n");
}

TEST_F(Log, TextLineHasTheMessageLast) {
  log_as(Format::text);
  log_event("sink.outage.begun", {{"message", "broker\nis away"}, {"topic", "a b"}, {"limit_s", 300}});
  EXPECT_EQ(only_line(),
            "2026-02-15T00:00:00.123Z warning sink.outage.begun topic=\"a b\" limit_s=300: broker is away\n");
}

TEST_F(Log, ValuesKeepTheirTypesAndAnyBytesMakeOneJsonLine) {
  log_as(Format::json);
  const std::string bytes = "a\"b\\\n\x01\xff\xc3\xa9";
  log_event("sink.partition.revoked", {{"lost", true}, {"topic", bytes}, {"partition", -1}});
  log_event("load.finished", {{"seconds", 1.5}, {"rows", ~std::uint64_t{0}}});
  ASSERT_EQ(lines_.size(), 2u);
  const Json first = Json::parse(lines_[0]);
  EXPECT_EQ(first["lost"], true);
  EXPECT_EQ(first["partition"], -1);
  EXPECT_EQ(first["topic"], "a\"b\\\n\x01\xef\xbf\xbd\xc3\xa9");
  EXPECT_EQ(std::ranges::count(lines_[0], '\n'), 1);
  const Json second = Json::parse(lines_[1]);
  EXPECT_EQ(second["seconds"], 1.5);
  EXPECT_EQ(second["rows"], ~std::uint64_t{0});
}

TEST_F(Log, OnlyEnabledEventsAreWrittenAndNoneBeforeConfigure) {
  log_event("sink.outage.begun", {});
  log_as(Format::json, "info,sink=warning");
  EXPECT_FALSE(is_logged("sink.partition.assigned"));
  log_event("sink.partition.assigned", {});
  log_event("sink.object.uploaded", {});
  EXPECT_TRUE(lines_.empty());
  EXPECT_TRUE(is_logged("load.finished"));
  log_event("load.finished", {});
  EXPECT_EQ(Json::parse(only_line())["event"], "load.finished");
}

TEST_F(Log, RepeatsOfOnePartitionAreCountedAndTheCountIsWritten) {
  log_as(Format::json);
  for (int i = 0; i < 5; ++i) {
    log_event("hours.postponed", {{"topic", "t"}, {"partition", 1}, {"message", "no"}});
  }
  log_event("hours.postponed", {{"topic", "t"}, {"partition", 2}, {"message", "no"}});
  ASSERT_EQ(lines_.size(), 2u);
  clock_.advance(std::chrono::seconds(61));
  log_event("load.finished", {});
  ASSERT_EQ(lines_.size(), 4u);
  const Json repeated = Json::parse(lines_[2]);
  EXPECT_EQ(repeated["event"], "log.repeated");
  EXPECT_EQ(repeated["event_of"], "hours.postponed");
  EXPECT_EQ(repeated["partition"], 1);
  EXPECT_EQ(repeated["count"], 4);
  log_event("hours.postponed", {{"topic", "t"}, {"partition", 1}, {"message", "no"}});
  log_event("hours.postponed", {{"topic", "t"}, {"partition", 1}, {"message", "no"}});
  EXPECT_EQ(lines_.size(), 5u);
  flush_repeats();
  ASSERT_EQ(lines_.size(), 6u);
  EXPECT_EQ(Json::parse(lines_[5])["count"], 1);
}

TEST_F(Log, FailureIsAnErrorLineForPeopleAndAnEventForPrograms) {
  log_as(Format::text, "off");
  log_failure("unavailable", 69, "no broker; start one");
  EXPECT_EQ(only_line(), "error: no broker; start one\n");
  lines_.clear();
  log_as(Format::json, "off");
  log_failure("unavailable", 69, "no broker; start one");
  const Json line = Json::parse(only_line());
  EXPECT_EQ(line["event"], "command.failed");
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["kind"], "unavailable");
  EXPECT_EQ(line["exit_code"], 69);
  EXPECT_EQ(line["message"], "no broker; start one");
}

TEST_F(Log, AFailureActsOnNoTerminalWhateverIsInIt) {
  log_as(Format::text, "off");
  log_failure("misconfigured", 78, "no folder /a\x1b[2J\rb\xff. The end of its log:\nlast line\n");
  EXPECT_EQ(only_line(), "error: no folder /a\\x1b[2J\\rb\\xff. The end of its log:\nlast line\n\n");
}

TEST_F(Log, FormatHasTwoNames) {
  EXPECT_EQ(parse_format("text").value(), Format::text);
  EXPECT_EQ(parse_format("json").value(), Format::json);
  EXPECT_EQ(parse_format("xml").error().message, "log format: 'xml' is neither text nor json");
}

TEST_F(Log, LinesOfManyThreadsStayWhole) {
  log_as(Format::json);
  {
    std::vector<std::jthread> threads;
    for (int partition = 0; partition < 8; ++partition) {
      threads.emplace_back([partition] {
        for (int i = 0; i < 100; ++i) log_event("sink.seek", {{"partition", partition}, {"offset", i}});
      });
    }
  }
  ASSERT_EQ(lines_.size(), 800u);
  for (const std::string& line : lines_) EXPECT_EQ(Json::parse(line)["event"], "sink.seek");
}

/// Each write to a pipe of this kind is a packet, so what a read returns is one write.
TEST_F(Log, LineIsOneWriteToStandardError) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
  const int stderr_copy = ::dup(STDERR_FILENO);
  ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
  configure({.format = Format::json, .enabled = parse_levels("debug").value()});
  log_event("sink.seek", {{"topic", "t"}, {"partition", 1}, {"offset", 2}});
  log_event("load.object_foreign", {{"object", std::string(3'000, 'k')}});
  ::dup2(stderr_copy, STDERR_FILENO);
  ::close(stderr_copy);
  char buffer[4'096];
  for (const std::string_view event : {"sink.seek", "load.object_foreign"}) {
    const auto count = ::read(ends[0], buffer, sizeof buffer);
    ASSERT_GT(count, 0);
    const std::string_view line(buffer, static_cast<std::size_t>(count));
    EXPECT_EQ(line.back(), '\n');
    EXPECT_EQ(Json::parse(line)["event"], event);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace sdp::diag
