#include "simulate/simulation_spec.h"

#include <gtest/gtest.h>

#include <memory>

#include "simulate/event_source.h"

namespace sdp::simulate {
namespace {

using namespace std::chrono_literals;

constexpr UtcMillis kNow = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + 18h;

struct Times {
  UtcMillis first;
  UtcMillis last;
  std::uint64_t events = 0;
};

Times times_of(const SimulationSpec& spec) {
  auto source = open_source(spec);
  EXPECT_TRUE(source);
  Times times;
  event::ListeningEvent event;
  while ((*source)->next(event)) {
    if (times.events++ == 0) times.first = event.timestamp;
    times.last = event.timestamp;
  }
  return times;
}

SimulationSpec spec_of(Profile profile, std::uint64_t events, std::uint64_t seed = 1) {
  return {.profile = profile, .seed = seed, .events = events};
}

TEST(EndingAt, SeedEventsAreSpreadEvenlyOverTheDaysUpToNow) {
  const Times times = times_of(ending_at(spec_of(Profile::seed, 4), kNow, 28));
  EXPECT_EQ(times.events, 4);
  EXPECT_EQ(times.first, kNow - 28 * 24h);
  EXPECT_EQ(times.last, kNow - 7 * 24h);
}

TEST(EndingAt, WithoutDaysSeedEventsAreAMillisecondApartUpToNow) {
  const Times times = times_of(ending_at(spec_of(Profile::seed, 5'000), kNow, 0));
  EXPECT_EQ(times.first, kNow - 5s);
  EXPECT_EQ(times.last, kNow - 1ms);
}

TEST(EndingAt, ADurationEndsNow) {
  SimulationSpec spec = spec_of(Profile::seed, 10);
  spec.duration = 1h;
  const Times times = times_of(ending_at(spec, kNow, 0));
  EXPECT_EQ(times.first, kNow - 1h);
  EXPECT_EQ(times.last, kNow - 6min);
}

/// Not one draw: what sessions are like is tried out, and the days are as uneven as the curves.
TEST(EndingAt, MeasuredListenersFillTheDaysUpToNow) {
  for (const std::uint32_t days : {0U, 7U, 28U}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const SimulationSpec spec = ending_at(spec_of(Profile::listeners, 20'000, seed), kNow, days);
      const Times times = times_of(spec);
      EXPECT_EQ(times.events, 20'000);
      EXPECT_LE(times.last, kNow) << days << " days, seed " << seed;
      EXPECT_GE(times.last, kNow - std::max<std::chrono::hours>(days * 24h / 4, 12h))
          << days << " days, seed " << seed;
      EXPECT_TRUE(days == 0 || spec.start == kNow - days * 24h);
    }
  }
}

TEST(EndingAt, MoreEventsThanMeasuredListenersCanCauseBeginEarlier) {
  SimulationSpec spec = spec_of(Profile::listeners, 20'000);
  spec.users = 3;
  spec = ending_at(spec, kNow, 7);
  EXPECT_LT(spec.start, kNow - 7 * 24h);
  const Times times = times_of(spec);
  EXPECT_EQ(times.events, 20'000);
  EXPECT_LE(times.last, kNow);
}

/// Not one draw: what listeners do on average is written down beside ending_at().
TEST(EndingAt, ListenersFillTheDaysUpToNowWithAsManyEventsAsWanted) {
  for (const std::uint32_t days : {7U, 28U}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const SimulationSpec spec = ending_at(spec_of(Profile::realistic, 20'000, seed), kNow, days);
      const Times times = times_of(spec);
      EXPECT_EQ(times.events, 20'000);
      EXPECT_LE(times.last, kNow) << days << " days, seed " << seed;
      EXPECT_GE(times.last, kNow - days * 24h / 4) << days << " days, seed " << seed;
      EXPECT_LT(std::chrono::abs(times.first - (kNow - days * 24h)), 1s) << days << " days, seed " << seed;
    }
  }
}

TEST(EndingAt, WithoutDaysListenersComeBackAsOftenAsEver) {
  const SimulationSpec spec = ending_at(spec_of(Profile::realistic, 20'000), kNow, 0);
  EXPECT_EQ(spec.session_gap, 6h);
  const Times times = times_of(spec);
  EXPECT_LE(times.last, kNow);
  EXPECT_GE(times.last, kNow - 2h);
}

TEST(EndingAt, MoreEventsThanTheListenersCanCauseBeginEarlier) {
  SimulationSpec spec = spec_of(Profile::realistic, 20'000);
  spec.users = 1;
  spec = ending_at(spec, kNow, 7);
  EXPECT_EQ(spec.session_gap, 1min);
  EXPECT_LT(spec.start, kNow - 7 * 24h);
  EXPECT_EQ(times_of(spec).events, 20'000);
}

}  // namespace
}  // namespace sdp::simulate
