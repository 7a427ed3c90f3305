#include "diag/progress.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "diag/log.h"

namespace sdp::diag {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProgressText, SaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(progress_text({"load", "objects", 412, 1'000, seconds(4)}),
            "load: 412 of 1,000 objects, 41 %, 103/s, 5 s left");
  EXPECT_EQ(progress_text({"dbt", "nodes", 5, 50, seconds(10)}),
            "dbt: 5 of 50 nodes, 10 %, 0.5/s, 90 s left");
  EXPECT_EQ(progress_text({"simulate", "events", 1'234'567, 0, seconds(100)}),
            "simulate: 1,234,567 events, 12,346/s");
  EXPECT_EQ(progress_text({"verify", "objects", 1, 10'000, seconds(1)}),
            "verify: 1 of 10,000 objects, 0 %, 1.0/s, 2 h left");
}

TEST(ProgressText, WhatIsNotKnownIsNotSaid) {
  EXPECT_EQ(progress_text({"load", "objects", 0, 10, seconds(4)}), "load: 0 of 10 objects, 0 %, 0.0/s");
  EXPECT_EQ(seconds_left({"load", "objects", 0, 10, milliseconds(0)}), std::nullopt);
  // More than was thought.
  EXPECT_EQ(progress_text({"load", "objects", 12, 10, seconds(1)}),
            "load: 12 of 10 objects, 100 %, 12/s, 0 ms left");
}

class ProgressTest : public testing::Test {
 protected:
  void configure_log(bool draws, std::string_view levels = "info") {
    configure({.format = Format::text,
               .enabled = parse_levels(levels).value(),
               .write =
                   [this](std::string_view text) {
                     const std::scoped_lock lock(mutex_);
                     written_.emplace_back(text);
                   },
               .draws = draws,
               .clock = &clock_});
  }
  void TearDown() override { configure({}); }

  base::ManualClock clock_{UtcMillis(milliseconds(0))};
  std::mutex mutex_;
  std::vector<std::string> written_;
};

TEST_F(ProgressTest, ATerminalHasOneLineFromTwoSecondsOnAndNoneInTheEnd) {
  configure_log(true);
  {
    Progress progress("load", "objects", 10, clock_);
    clock_.advance(milliseconds(1'999));
    progress.add(1);
    EXPECT_TRUE(written_.empty());
    clock_.advance(milliseconds(1));
    progress.add(1);
    progress.add(1);  // too soon
    clock_.advance(milliseconds(100));
    progress.add(1);
  }
  ASSERT_EQ(written_.size(), 3U);
  EXPECT_EQ(written_[0], "\r\x1b[Kload: 2 of 10 objects, 20 %, 1.0/s, 8 s left");
  EXPECT_TRUE(written_[1].starts_with("\r\x1b[Kload: 4 of 10 objects"));
  EXPECT_EQ(written_[2], "\r\x1b[K");
}

TEST_F(ProgressTest, ALineOfTheLogTakesTheDrawnOneAway) {
  configure_log(true);
  Progress progress("load", "objects", 10, clock_);
  clock_.advance(seconds(2));
  progress.set(5);
  log_event("topic.created", {{"topic", "t"}, {"partitions", 1}});
  ASSERT_EQ(written_.size(), 3U);
  EXPECT_EQ(written_[1], "\r\x1b[K");
  EXPECT_TRUE(written_[2].contains("topic.created"));
}

TEST_F(ProgressTest, ElsewhereItIsAnEventEachTenSeconds) {
  configure_log(false);
  {
    Progress progress("load", "objects", 100, clock_);
    for (int second = 0; second < 25; ++second) {
      clock_.advance(seconds(1));
      progress.add(1);
    }
  }
  ASSERT_EQ(written_.size(), 2U);
  EXPECT_TRUE(
      written_[0].contains("progress of=load done=10 unit=objects total=100 per_second=1.0 left_s=90.0"))
      << written_[0];
  EXPECT_TRUE(written_[1].contains("done=20"));
}

TEST_F(ProgressTest, AQuietCommandShowsNone) {
  configure_log(true, "warning");
  {
    Progress progress("load", "objects", 100, clock_);
    clock_.advance(seconds(60));
    progress.add(50);
  }
  EXPECT_TRUE(written_.empty());
}

TEST_F(ProgressTest, ThreadsMayTellAtOnce) {
  configure_log(true);
  {
    Progress progress("verify", "objects", 4'000, clock_);
    clock_.advance(seconds(3));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1'000; ++n) progress.add(1);
      });
    }
  }
  // The clock stands still: one of them has shown it, and the end took it away.
  EXPECT_EQ(written_.size(), 2U);
}

/// What a process has said is not forgotten, so each of these is one of its own, which has said nothing yet.
class OpeningDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  /// Ends the process: with 0 when what it wrote is `expected`, part by part.
  [[noreturn]] static void draw_and_end(bool draws, const std::function<void()>& act,
                                        const std::vector<std::string>& expected) {
    std::vector<std::string> written;
    configure({.format = Format::text,
               .enabled = parse_levels("info").value(),
               .write = [&written](std::string_view text) { written.emplace_back(text); },
               .draws = draws});
    act();
    bool same = written.size() == expected.size();
    for (std::size_t at = 0; same && at < written.size(); ++at) same = written[at].contains(expected[at]);
    ::_exit(same ? 0 : 1);
  }
};

TEST_F(OpeningDeathTest, ATerminalHasItUntilSomethingElseIsWritten) {
  EXPECT_EXIT(draw_and_end(true,
                           [] {
                             draw_opening("load: load new objects");
                             draw_opening("once is enough");
                             log_event("topic.created", {{"topic", "t"}, {"partitions", 1}});
                             draw_opening("it has spoken");
                             clear_drawn_line();
                           },
                           {"\r\x1b[Kload: load new objects", "\r\x1b[K", "topic.created"}),
              testing::ExitedWithCode(0), "");
}

TEST_F(OpeningDeathTest, StandardOutputTakesItAway) {
  EXPECT_EXIT(draw_and_end(true,
                           [] {
                             draw_opening("load: load new objects");
                             clear_drawn_line();
                             clear_drawn_line();
                           },
                           {"\r\x1b[Kload: load new objects", "\r\x1b[K"}),
              testing::ExitedWithCode(0), "");
}

TEST_F(OpeningDeathTest, WhoHasSpokenNeedsNoneNorDoesWhoHasNoTerminal) {
  EXPECT_EXIT(draw_and_end(true,
                           [] {
                             clear_drawn_line();
                             draw_opening("too late");
                           },
                           {}),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(draw_and_end(false, [] { draw_opening("nobody looks"); }, {}), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sdp::diag
