#include "simulate/source_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/sha256.h"
#include "simulate/oracle_run.h"
#include "simulate/simulate_runner.h"

namespace sdp::simulate {
namespace {

using namespace std::chrono_literals;

// Each is compared with one thread. More of them find no more, and cost the thread sanitizer a second each.
constexpr int kThreads[] = {2, 8};

SimulationSpec spec_of(Profile profile, std::uint64_t events) {
  return {.profile = profile,
          .seed = 1,
          .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
          .events = events};
}

/// Keeps what it is sent as lines, and confirms it at once.
class Lines final : public log::Producer {
 public:
  Result<void> send(const log::Outgoing& record) override {
    if (stop_at == sent) stop.request_stop();
    text.append(record.key.value_or("")).append("\t").append(record.value.value_or("none")).append("\n");
    if (record.placement != nullptr)
      *record.placement = {true, log::PartitionOffset{0, static_cast<log::Offset>(sent)}};
    ++sent;
    return {};
  }
  Result<void> send_transaction(std::span<const log::Outgoing> /*records*/,
                                log::TransactionEnd /*end*/) override {
    return fail(ErrorKind::misconfigured, "lines have no transactions");
  }
  Result<void> flush(std::chrono::milliseconds /*timeout*/) override { return {}; }
  log::ProducerCounts counts() const override { return {.acked = sent, .failed = 0}; }
  std::string first_failure() const override { return {}; }

  std::string text;
  std::uint64_t sent = 0;
  std::uint64_t stop_at = UINT64_MAX;
  std::stop_source stop;
};

/// All that a run leaves.
struct Left {
  std::string records;
  std::string labels;
  std::uint64_t digest = 0;
  std::vector<Fact> facts;
  SimulateSummary summary;

  std::string hash() const { return base::sha256_hex(records); }
};

Left run(const SimulationSpec& spec, int threads, std::uint64_t stop_at = UINT64_MAX) {
  Left left;
  const auto source = open_source(spec);
  EXPECT_TRUE(source);
  Lines lines;
  lines.stop_at = stop_at;
  base::ManualClock clock{spec.start};
  SimulateObserver observer;
  Oracle oracle;
  SimulateRunner runner(spec, **source, lines, clock, observer, {.threads = threads});
  runner.tell(oracle);
  runner.label([&left](std::string_view text) -> Result<void> {
    left.labels += text;
    return {};
  });
  auto summary = runner.run(lines.stop.get_token());
  EXPECT_TRUE(summary);
  if (summary) left.summary = *summary;
  left.records = std::move(lines.text);
  left.digest = oracle.digest();
  left.facts = oracle.facts();
  return left;
}

FaultSpec every_fault() {
  FaultSpec faults;
  for (const FaultClass& one : kFaultClasses) faults.rates[one.fault] = 0.01;
  faults.value_bytes_max = 3'000;
  return faults;
}

class Threads : public testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(Profiles, Threads,
                         testing::Values(Profile::seed, Profile::realistic, Profile::listeners),
                         [](const auto& profile) {
                           return profile.param == Profile::seed        ? "seed"
                                  : profile.param == Profile::realistic ? "realistic"
                                                                        : "listeners";
                         });

TEST_P(Threads, ChangeNoByte) {
  // Within a block, at its end, and behind some.
  for (const std::uint64_t events : {std::uint64_t{1}, std::uint64_t{kBlockEvents}, std::uint64_t{5'001}}) {
    const SimulationSpec spec = spec_of(GetParam(), events);
    const Left one = run(spec, 1);
    ASSERT_EQ(one.summary.produced, events);
    for (const int threads : kThreads) {
      const Left left = run(spec, threads);
      EXPECT_EQ(left.hash(), one.hash()) << threads << " threads, " << events << " events";
      EXPECT_EQ(left.digest, one.digest);
      EXPECT_EQ(left.facts, one.facts);
    }
  }
}

TEST_P(Threads, ChangeNeitherFaultsNorLabels) {
  SimulationSpec spec = spec_of(GetParam(), 3'000);
  spec.faults = every_fault();
  const Left one = run(spec, 1);
  ASSERT_GT(std::ranges::count(one.labels, '\n'), 300);
  for (const int threads : kThreads) {
    const Left left = run(spec, threads);
    EXPECT_EQ(left.hash(), one.hash()) << threads << " threads";
    EXPECT_EQ(left.labels, one.labels) << threads << " threads";
    EXPECT_EQ(left.digest, one.digest) << threads << " threads";
  }
}

constexpr std::uint64_t kStopAt = 2'000;

TEST_P(Threads, AStopComesBehindTheSameEventAndTheRunCanBeToldAgain) {
  SimulationSpec spec = spec_of(GetParam(), 0);
  spec.faults = every_fault();
  const Left one = run(spec, 1, kStopAt);
  ASSERT_TRUE(one.summary.stopped && one.summary.stopped_after);
  for (const int threads : kThreads) {
    const Left left = run(spec, threads, kStopAt);
    EXPECT_EQ(left.hash(), one.hash()) << threads << " threads";
    EXPECT_EQ(left.labels, one.labels) << threads << " threads";
    EXPECT_EQ(left.summary.stopped_after, one.summary.stopped_after) << threads << " threads";
    Oracle again;
    const OracleRun told{.spec = spec,
                         .records = left.summary.acked,
                         .stopped_after = left.summary.stopped_after,
                         .digest = left.digest};
    const auto outcome = tell_again(told, again);
    EXPECT_TRUE(outcome) << threads << " threads: " << outcome.error().message;
  }
}

/// Numbered events, and an error behind them.
class Counting final : public EventSource {
 public:
  explicit Counting(std::uint64_t events) : events_(events) {}

  bool next(event::ListeningEvent& event) override {
    EXPECT_FALSE(is_asked_.exchange(true)) << "by two threads at a time";
    EXPECT_FALSE(has_ended_) << "asked again behind its end";
    has_ended_ = made == events_;
    if (!has_ended_) event.position_ms = static_cast<std::int64_t>(made++);
    is_asked_ = false;
    return !has_ended_;
  }
  Result<void> ended() const override { return fail(ErrorKind::bad_input, "row 7: a page is missing"); }

  std::atomic<std::uint64_t> made = 0;

 private:
  const std::uint64_t events_;
  std::atomic<bool> is_asked_ = false;
  bool has_ended_ = false;
};

TEST(SourceAhead, GivesEachEventOnceInOrderEncodedAndThenTheSourcesError) {
  for (const int threads : kThreads) {
    Counting source(10 * kBlockEvents + 3);
    SourceAhead ahead(source, threads);
    event::ListeningEvent event;
    EncodedEvent encoded;
    std::int64_t read = 0;
    for (; ahead.next(event); ++read) {
      ASSERT_EQ(event.position_ms, read);
      simulate::encode(event, encoded);
      ASSERT_NE(ahead.encoded(), nullptr);
      ASSERT_EQ(ahead.encoded()->value, encoded.value);
      ASSERT_EQ(ahead.encoded()->key, encoded.key);
    }
    EXPECT_EQ(read, 10 * kBlockEvents + 3);
    EXPECT_FALSE(ahead.next(event)) << "an ended source must stay ended";
    EXPECT_EQ(ahead.encoded(), nullptr);
    ASSERT_FALSE(ahead.ended());
    EXPECT_EQ(ahead.ended().error().message, "row 7: a page is missing");
  }
}

TEST(SourceAhead, AnErrorOfTheSourceEndsTheRunBehindTheLastEvent) {
  Counting source(1'000);
  Lines lines;
  base::ManualClock clock{spec_of(Profile::seed, 0).start};
  SimulateObserver observer;
  const auto summary =
      SimulateRunner(spec_of(Profile::seed, 0), source, lines, clock, observer, {.threads = 3}).run({});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(lines.sent, 1'000);
}

TEST(SourceAhead, IsNoFurtherAheadThanItsBlocksAndEndsInTheMiddle) {
  constexpr int kHelped = 3;
  Counting source(UINT64_MAX);
  {
    SourceAhead ahead(source, kHelped);
    event::ListeningEvent event;
    for (std::uint64_t read = 1; read <= 2 * kBlockEvents; ++read) {
      ASSERT_TRUE(ahead.next(event));
      ASSERT_LE(source.made, read + kHelped * kBlocksPerThread * kBlockEvents);
    }
    // Helpers go up to the bound, and rest there.
    constexpr std::uint64_t kBound = (1 + kHelped * kBlocksPerThread) * kBlockEvents;
    for (int waited = 0; waited < 10'000 && source.made < kBound; ++waited) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(source.made, kBound);
  }
  const std::uint64_t made = source.made;
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(source.made, made) << "a helper outlives it";
}

}  // namespace
}  // namespace sdp::simulate
