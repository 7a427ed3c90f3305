#include "simulate/simulate_runner.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include "event/decode.h"
#include "simulate/oracle_run.h"

namespace sdp::simulate {
namespace {

using namespace std::chrono_literals;

constexpr UtcMillis kStart = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15);

/// A log that keeps what it is sent and fails on demand.
class FakeProducer final : public log::Producer {
 public:
  Result<void> send(const log::Outgoing& record) override {
    if (sent.size() == refuse_at) return fail(ErrorKind::unavailable, "queue full for 30 s");
    tombstones += record.value ? 0 : 1;
    sent.emplace_back(std::string(*record.key), std::string(record.value.value_or("")));
    place(record, sent.size() - 1);
    if (on_send) on_send();
    return {};
  }
  Result<void> send_transaction(std::span<const log::Outgoing> records, log::TransactionEnd end) override {
    transactions.emplace_back(end, records.size());
    if (end == log::TransactionEnd::abort) {
      for (const log::Outgoing& record : records) {
        aborted.emplace_back(record.value.value_or(""));
        place(record, 1'000'000 + aborted.size() - 1);
      }
      return {};
    }
    for (const log::Outgoing& record : records) SDP_RETURN_IF_ERROR(send(record));
    return {};
  }
  Result<void> flush(std::chrono::milliseconds timeout) override {
    ++flushes;
    flush_timeout = timeout;
    // Confirmations of several partitions come in any order.
    for (; !unconfirmed.empty(); unconfirmed.pop_back())
      *unconfirmed.back().first = unconfirmed.back().second;
    if (flush_fails) return fail(ErrorKind::unavailable, "not confirmed in time");
    settled = {.acked = earlier + sent.size() - fail_deliveries, .failed = fail_deliveries};
    return {};
  }
  log::ProducerCounts counts() const override { return settled; }
  std::string first_failure() const override { return fail_deliveries > 0 ? "message too large" : ""; }

  void place(const log::Outgoing& record, std::size_t offset) {
    if (record.placement == nullptr) return;
    const log::Placement placement{true, log::PartitionOffset{3, static_cast<log::Offset>(offset)}};
    ++labelled;
    if (confirms_late) {
      unconfirmed.emplace_back(record.placement, placement);
      waiting_max = std::max(waiting_max, unconfirmed.size());
    } else {
      *record.placement = placement;
    }
  }

  std::vector<std::pair<std::string, std::string>> sent;
  bool confirms_late = false;
  std::vector<std::pair<log::Placement*, log::Placement>> unconfirmed;
  std::size_t waiting_max = 0;
  std::size_t labelled = 0;
  int flushes = 0;
  std::vector<std::pair<log::TransactionEnd, std::size_t>> transactions;
  std::vector<std::string> aborted;
  std::size_t tombstones = 0;
  std::function<void()> on_send;
  std::size_t refuse_at = SIZE_MAX;
  std::uint64_t fail_deliveries = 0;
  std::uint64_t earlier = 0;
  bool flush_fails = false;
  std::chrono::milliseconds flush_timeout{0};
  log::ProducerCounts settled;
};

std::vector<nlohmann::json> parsed(std::string_view lines) {
  std::vector<nlohmann::json> all;
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

struct Recorder final : SimulateObserver {
  void on_record(const SimulatedRecord& record) override { lines.push_back(produced_line(record)); }
  void on_progress(const SimulateProgress& progress) override { reports.push_back(progress); }

  std::vector<std::string> lines;
  std::vector<SimulateProgress> reports;
};

class Runner : public testing::Test {
 public:
  Result<SimulateSummary> run(SimulateOptions options = {}) {
    auto source = open_source(spec);
    SimulateRunner runner(spec, **source, producer, clock, observer, options);
    runner.tell(oracle);
    return runner.run(stop.get_token());
  }
  std::chrono::nanoseconds elapsed() const { return clock.steady_now() - SteadyTime{}; }

  SimulationSpec spec{.start = kStart, .events = 100};
  FakeProducer producer;
  base::ManualClock clock{kStart};
  Recorder observer;
  Oracle oracle;
  std::stop_source stop;
};

TEST_F(Runner, SendsEachEventOnceKeyedByItsUser) {
  const auto summary = run();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->produced, 100);
  EXPECT_EQ(summary->acked, 100);
  EXPECT_FALSE(summary->stopped);
  ASSERT_EQ(producer.sent.size(), 100);
  event::Decoder decoder;
  Oracle recount;
  for (const auto& [key, value] : producer.sent) {
    const auto event = decoder.decode(value).value().value();
    EXPECT_EQ(key, base::to_string(event.user_id));
    recount.add(event);
  }
  EXPECT_EQ(oracle.facts(), recount.facts());
  EXPECT_EQ(oracle.digest(), recount.digest());
}

TEST_F(Runner, UnpacedNeitherSleepsNorShowsEvents) {
  ASSERT_TRUE(run());
  EXPECT_EQ(elapsed(), 0ns);
  EXPECT_TRUE(observer.lines.empty());
}

TEST_F(Runner, RateSpreadsEventsEvenly) {
  spec.rate = 10;
  std::vector<std::chrono::nanoseconds> times;
  producer.on_send = [&] { times.push_back(elapsed()); };
  ASSERT_TRUE(run());
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_LE(abs(times[i] - 100ms * static_cast<int>(i)), 1ms) << i;
}

TEST_F(Runner, HighRateHoldsOnAverage) {
  spec.rate = 7'000;
  spec.events = 70'000;
  ASSERT_TRUE(run());
  EXPECT_LE(abs(elapsed() - 10s), 2ms);
}

TEST_F(Runner, SpeedPacesByEventTime) {
  spec.rate = 0;
  spec.duration = 1000s;  // 100 events spread over it
  spec.speed = 50;
  ASSERT_TRUE(run());
  EXPECT_LE(abs(elapsed() - 19'800ms), 1ms);
}

TEST_F(Runner, CatchesUpAfterAStall) {
  spec.rate = 10;
  producer.on_send = [&] {
    if (producer.sent.size() == 10) clock.advance(5s);
  };
  ASSERT_TRUE(run());
  EXPECT_LE(abs(elapsed() - 9'900ms), 1ms);
}

TEST_F(Runner, LowRateShowsEachEventAsTheSeedDoes) {
  spec.rate = 20;
  ASSERT_TRUE(run());
  ASSERT_EQ(observer.lines.size(), 100);
  EXPECT_TRUE(observer.reports.empty());
  for (const auto& line : observer.lines) {
    EXPECT_TRUE(line.starts_with("Produced event: ") && line.ends_with(")")) << line;
  }
}

TEST_F(Runner, VerboseShowsEachEventAtAnyRate) {
  ASSERT_TRUE(run({.verbose = true}));
  EXPECT_EQ(observer.lines.size(), 100);
}

TEST_F(Runner, HigherRateReportsProgressOnceASecond) {
  spec.rate = 100;
  spec.events = 500;
  ASSERT_TRUE(run());
  EXPECT_TRUE(observer.lines.empty());
  ASSERT_EQ(observer.reports.size(), 5);
  EXPECT_NEAR(observer.reports[0].events_per_second, 100, 2);
  EXPECT_NEAR(static_cast<double>(observer.reports[3].produced), 400, 2);
}

TEST_F(Runner, TheLastReportIsTheFinalCount) {
  spec.rate = 100;
  spec.events = 250;
  ASSERT_TRUE(run());
  ASSERT_FALSE(observer.reports.empty());
  EXPECT_EQ(observer.reports.back().produced, 250);
  EXPECT_EQ(observer.reports.back().acked, 250);
}

TEST_F(Runner, TheLastReportOfARunThatFailedIsTheFinalCountToo) {
  producer.fail_deliveries = 3;
  ASSERT_FALSE(run());
  ASSERT_FALSE(observer.reports.empty());
  EXPECT_EQ(observer.reports.back().acked, 97);
  EXPECT_EQ(observer.reports.back().failed, 3);
}

TEST_F(Runner, StopFlushesWhatWasSent) {
  spec.events = 0;
  producer.on_send = [&] {
    if (producer.sent.size() == 42) stop.request_stop();
  };
  const auto summary = run({.flush_timeout = 7s});
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->stopped);
  EXPECT_EQ(summary->produced, 42);
  EXPECT_EQ(summary->acked, 42);
  EXPECT_EQ(oracle.kept(), 42);
  EXPECT_EQ(producer.flush_timeout, 7s);
}

TEST_F(Runner, StopSendsWhatFaultsHoldBackAndTheOracleIsToldAgain) {
  spec.profile = Profile::listeners;
  spec.events = 0;
  spec.faults.rates[Fault::late] = 0.02;
  spec.faults.rates[Fault::retry] = 0.1;
  producer.on_send = [&] {
    if (producer.sent.size() == 500) stop.request_stop();
  };
  oracle.begin_run(false);
  const auto summary = run();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_TRUE(summary->stopped);
  EXPECT_GT(summary->produced, 550) << "some were offline";
  EXPECT_EQ(oracle.kept(), summary->stopped_after) << "every event of the source was sent";
  EXPECT_EQ(oracle.records(), summary->acked);

  OracleRun told{.spec = checked(spec).value(),
                 .records = summary->produced,
                 .stopped_after = summary->stopped_after,
                 .digest = oracle.digest()};
  Oracle again;
  EXPECT_TRUE(tell_again(told, again));
  EXPECT_EQ(again.facts(), oracle.facts());
  told.stopped_after.reset();
  EXPECT_FALSE(tell_again(told, again)) << "without the stop other records come";
}

/// A clock whose third sleep is when somebody asks to stop.
struct StoppingClock final : Clock {
  UtcMillis utc_now() const override { return inner.utc_now(); }
  SteadyTime steady_now() const override { return inner.steady_now(); }
  void sleep_for(std::chrono::milliseconds duration) override {
    inner.sleep_for(duration);
    if (++sleeps == 3) stop.request_stop();
  }

  base::ManualClock inner{kStart};
  std::stop_source stop;
  int sleeps = 0;
};

TEST_F(Runner, StopEndsALongWait) {
  spec.rate = 0.001;
  StoppingClock stopping;
  auto source = open_source(spec);
  const auto summary =
      SimulateRunner(spec, **source, producer, stopping, observer).run(stopping.stop.get_token());
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->stopped);
  EXPECT_EQ(summary->produced, 1);
  EXPECT_LT(stopping.inner.steady_now() - SteadyTime{}, 1s);
}

TEST_F(Runner, StopInAWaitSendsTheRecordThatWaitsWithTheOthers) {
  spec.rate = 0.001;
  spec.events = 0;
  spec.faults.rates[Fault::retry] = 1;
  StoppingClock stopping;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, stopping, observer);
  runner.tell(oracle);
  const auto summary = runner.run(stopping.stop.get_token());
  ASSERT_TRUE(summary);
  EXPECT_EQ(oracle.kept(), summary->stopped_after);
  EXPECT_EQ(oracle.duplicates(), oracle.kept()) << "each is there twice";
  EXPECT_LT(stopping.inner.steady_now() - SteadyTime{}, 1s);
}

TEST_F(Runner, FailedDeliveriesAreAnErrorWithTheCounts) {
  producer.fail_deliveries = 3;
  const auto summary = run();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::unavailable);
  EXPECT_NE(summary.error().message.find("100 produced, 97 acked, 3 failed"), std::string::npos)
      << summary.error().message;
  EXPECT_NE(summary.error().message.find("message too large"), std::string::npos);
}

TEST_F(Runner, UnconfirmedDeliveriesAreAnError) {
  producer.flush_fails = true;
  const auto summary = run();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::unavailable);
  EXPECT_NE(summary.error().message.find("100 produced, 0 acked"), std::string::npos)
      << summary.error().message;
}

TEST_F(Runner, RefusedSendEndsTheRunAndSaysWhatGotThrough) {
  producer.refuse_at = 50;
  const auto summary = run();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::unavailable);
  EXPECT_NE(summary.error().message.find("queue full for 30 s"), std::string::npos)
      << summary.error().message;
  EXPECT_NE(summary.error().message.find("50 produced, 50 acked, 0 failed"), std::string::npos);
  EXPECT_EQ(oracle.kept(), 50);
}

TEST_F(Runner, CountsOnlyItsOwnDeliveries) {
  producer.earlier = 1'000;
  producer.settled = {.acked = 1'000};
  const auto summary = run();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->acked, 100);
}

TEST_F(Runner, TellsOracleAndLabellerOfEveryRecord) {
  spec.events = 2'000;
  for (double& rate : spec.faults.rates.rates) rate = 0.05;
  spec.faults.value_bytes_max = 2'000;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, clock, observer);
  runner.tell(oracle);
  std::map<std::string, std::uint64_t> fates;
  std::set<std::uint64_t> labelled;
  runner.label([&](std::string_view lines) -> Result<void> {
    for (const auto& label : parsed(lines)) {
      EXPECT_EQ(label.at("offset"), label.at("record")) << label;
      EXPECT_EQ(label.at("partition"), 3);
      EXPECT_EQ(label.at("topic"), nullptr);
      if (labelled.insert(label.at("record").get<std::uint64_t>()).second) ++fates[label.at("fate")];
    }
    return {};
  });
  const auto summary = runner.run({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(oracle.kept(), 2'000);
  EXPECT_EQ(oracle.duplicates(), fates["duplicate"]);
  EXPECT_EQ(oracle.rejected(), fates["rejected"]);
  EXPECT_EQ(summary->acked, oracle.records());
  EXPECT_GT(fates["kept"], 100);
}

TEST_F(Runner, BatchesOfRecordsAreTransactionsAndWhatIsAbortedIsSentAgain) {
  spec.events = 100'050;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, clock, observer,
                        {.transactions = {.used = 0.5, .aborted = 0.2}});
  runner.tell(oracle);
  std::vector<std::uint64_t> labelled;
  runner.label([&](std::string_view lines) -> Result<void> {
    for (const auto& label : parsed(lines)) {
      EXPECT_EQ(label.at("class"), "aborted");
      EXPECT_EQ(label.at("fate"), "aborted");
      EXPECT_EQ(label.at("offset"), 1'000'000 + labelled.size()) << "where the aborted record is";
      labelled.push_back(label.at("record"));
    }
    return {};
  });
  const auto summary = runner.run({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->acked, 100'050);
  EXPECT_EQ(oracle.kept(), 100'050) << "of what is aborted the oracle is not told";
  std::size_t aborts = 0;
  for (std::size_t i = 0; i < producer.transactions.size(); ++i) {
    const auto& [end, records] = producer.transactions[i];
    EXPECT_LE(records, kTransactionRecords);
    if (end == log::TransactionEnd::commit) continue;
    ++aborts;
    EXPECT_EQ(producer.transactions[i + 1], std::pair(log::TransactionEnd::commit, records)) << i;
  }
  EXPECT_NEAR(static_cast<double>(producer.transactions.size() - aborts), 500, 60);
  EXPECT_NEAR(static_cast<double>(aborts), 100, 30);
  ASSERT_EQ(labelled.size(), producer.aborted.size());
  EXPECT_EQ(summary->aborted, labelled.size());
  for (std::size_t i = 0; i < labelled.size(); ++i)
    EXPECT_EQ(producer.aborted[i], producer.sent[labelled[i]].second) << "the same bytes, and sent again";

  FakeProducer plain;
  Oracle without;
  auto again = open_source(spec);
  SimulateRunner other(spec, **again, plain, clock, observer);
  other.tell(without);
  ASSERT_TRUE(other.run({}));
  EXPECT_EQ(plain.sent, producer.sent) << "readers are given the same, in the same order";
  EXPECT_EQ(without.digest(), oracle.digest());
}

TEST_F(Runner, RecordsOfEachTypeGoToItsProducer) {
  spec.events = 5'000;
  for (double& rate : spec.faults.rates.rates) rate = 0.05;
  spec.faults.value_bytes_max = 2'000;
  std::array<FakeProducer, event::kEventTypes.size()> producers;
  Outlets::ByType by_type;
  for (std::size_t i = 0; i < producers.size(); ++i) by_type[i].producer = &producers[i];
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, Outlets(by_type), clock, observer,
                        {.transactions = {.used = 0.3, .aborted = 0.5}});
  runner.tell(oracle);
  const auto summary = runner.run({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->acked, oracle.records());
  event::Decoder decoder;
  std::map<Uuid, std::size_t> first;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < producers.size(); ++i) {
    for (const auto& [key, value] : producers[i].sent) {
      const auto verdict = decoder.decode(value);
      if (!verdict || !*verdict) continue;
      const event::ListeningEvent& event = **verdict;
      // A changed body has another type, and comes behind the event.
      const auto [place, is_new] = first.try_emplace(event.event_id, i);
      EXPECT_EQ(place->second, i) << "one id, one topic";
      if (is_new) {
        EXPECT_EQ(std::to_underlying(event.event_type), i);
      }
      changed += std::to_underlying(event.event_type) != i ? 1 : 0;
    }
  }
  // Some copies that only the sink refuses are valid to silver's decoder.
  EXPECT_GE(first.size(), 5'000);
  EXPECT_GT(changed, 100);
}

TEST_F(Runner, LabelsWaitForTheirPlacesInOrderAndWithinABound) {
  spec.events = 60'000;
  spec.faults.rates[Fault::retry] = 1;
  producer.confirms_late = true;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, Outlets(producer, "events"), clock, observer);
  std::int64_t last = -1;
  std::size_t count = 0;
  // Tens of thousands: one comparison each, and the first that is wrong ends the run.
  runner.label([&](std::string_view lines) -> Result<void> {
    for (const auto& label : parsed(lines)) {
      const auto record = label.at("record").get<std::int64_t>();
      if (record <= last || label.at("offset") != record || label.at("topic") != "events")
        return fail(ErrorKind::fatal, "out of order, or of another place: " + label.dump());
      last = record;
      ++count;
    }
    return {};
  });
  const auto summary = runner.run({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(count, 60'000);
  EXPECT_EQ(producer.waiting_max, kLabelsWaitingMax);
  EXPECT_EQ(producer.flushes, 3 + 1) << "no more than the bound asks for, and the end's";
}

TEST_F(Runner, NobodyAsksForPlacesWhereNobodyWantsLabels) {
  spec.faults.rates[Fault::retry] = 1;
  ASSERT_TRUE(run());
  EXPECT_EQ(producer.labelled, 0);
  EXPECT_EQ(producer.flushes, 1);
}

TEST_F(Runner, AFailureOfTheLabelsEndsTheRun) {
  spec.faults.rates[Fault::retry] = 1;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, clock, observer);
  runner.label([](std::string_view) -> Result<void> { return fail(ErrorKind::cannot_write, "disk full"); });
  const auto summary = runner.run({});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::cannot_write);
  EXPECT_LT(producer.sent.size(), 10);
}

TEST_F(Runner, RateAndFaultsChangeWhileItRuns) {
  spec.rate = 10;
  spec.events = 0;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, clock, observer);
  int looks = 0;
  runner.steer([&]() -> std::optional<Steering> {
    if (++looks != 10) return std::nullopt;
    Steering steering{.rate = 1'000, .faults = {}};
    steering.faults[Fault::null_value] = 1;
    return steering;
  });
  producer.on_send = [&] {
    if (elapsed() >= 20s) stop.request_stop();
  };
  const auto summary = runner.run(stop.get_token());
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->steered);
  EXPECT_NEAR(looks, 20, 2) << "once a second";
  // Ten seconds at 10 a second, ten at 1,000; of the latter each second one is a tombstone.
  EXPECT_NEAR(static_cast<double>(producer.sent.size()), 10'100, 200);
  EXPECT_NEAR(static_cast<double>(producer.tombstones), 5'000, 100);
}

TEST_F(Runner, AnotherRateAloneDoesNotChangeTheRecords) {
  spec.rate = 10;
  auto source = open_source(spec);
  SimulateRunner runner(spec, **source, producer, clock, observer);
  runner.steer([] { return Steering{.rate = 1'000, .faults = {}}; });
  const auto summary = runner.run({});
  ASSERT_TRUE(summary);
  EXPECT_LT(elapsed(), 2s);
  EXPECT_FALSE(summary->steered);
}

TEST(ProducedLine, IsTheSeeds) {
  SimulatedRecord record;
  record.event.event_type = event::EventType::pause;
  record.key = "881dc191-47cf-4642-b4b2-9334c488cd67";
  record.event.song_name = "God's Plan";
  record.event.artist_name = "Drake";
  const std::string line =
      "Produced event: pause - God's Plan by Drake (user 881dc191-47cf-4642-b4b2-9334c488cd67)";
  EXPECT_EQ(produced_line(record), line);
  record.faults = {Fault::skew, Fault::late};
  EXPECT_EQ(produced_line(record), line + " [skew, late]");
}

}  // namespace
}  // namespace sdp::simulate
