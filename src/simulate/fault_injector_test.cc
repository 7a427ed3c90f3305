#include "simulate/fault_injector.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "event/decode.h"
#include "event/encode.h"
#include "simulate/oracle_file.h"
#include "simulate/oracle_run.h"

namespace sdp::simulate {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr UtcMillis kStart = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15);

SimulationSpec spec_of(std::uint64_t events, Profile profile = Profile::seed) {
  SimulationSpec spec{.profile = profile, .start = kStart, .events = events};
  spec.faults.value_bytes_max = 2'000;
  return spec;
}

SimulationSpec spec_with(Fault fault, double rate, std::uint64_t events = 2'000,
                         Profile profile = Profile::seed) {
  SimulationSpec spec = spec_of(events, profile);
  spec.faults.rates[fault] = rate;
  return spec;
}

SimulationSpec spec_with_all(double rate, std::uint64_t events = 2'000) {
  SimulationSpec spec = spec_of(events);
  spec.faults.rates.rates.fill(rate);
  return spec;
}

std::vector<SimulatedRecord> records(const SimulationSpec& spec) {
  auto source = open_source(spec).value();
  FaultInjector injector(spec, *source);
  std::vector<SimulatedRecord> all;
  SimulatedRecord record;
  while (injector.next(record)) all.push_back(record);
  EXPECT_TRUE(injector.ended());
  return all;
}

std::vector<event::ListeningEvent> events(const SimulationSpec& spec) {
  auto source = open_source(spec).value();
  std::vector<event::ListeningEvent> all;
  event::ListeningEvent event;
  while (source->next(event)) all.push_back(event);
  return all;
}

bool has(const SimulatedRecord& record, Fault fault) {
  return std::ranges::count(record.faults, fault) > 0;
}

bool is_same(const SimulatedRecord& a, const SimulatedRecord& b) {
  return a.key == b.key && a.value == b.value && a.fate == b.fate && a.faults == b.faults && a.due == b.due;
}

class EachFault : public testing::TestWithParam<FaultClass> {};

std::string test_name(const testing::TestParamInfo<FaultClass>& info) {
  return std::string(info.param.name);
}
INSTANTIATE_TEST_SUITE_P(Classes, EachFault, testing::ValuesIn(kFaultClasses), test_name);

/// What silver says is asked of its decoder, which knows nothing of faults. What the sink says is asked of
/// the sink itself, in tests/integration/test_faults.py.
TEST_P(EachFault, BecomesWhatItsRowSays) {
  const FaultClass& one = GetParam();
  event::Decoder decoder;
  std::set<Uuid> kept;
  std::size_t faulty = 0;
  for (const SimulatedRecord& record : records(spec_with(one.fault, 0.3))) {
    EXPECT_EQ(record.fate, record.faults.empty() ? Fate::kept : one.fate);
    if (!record.faults.empty()) ++faulty;
    if (record.fate == Fate::rejected && one.rejected_by == "sink") continue;
    const auto verdict = decoder.decode(record.value.value());
    ASSERT_TRUE(verdict) << *record.value;
    if (record.fate == Fate::rejected) {
      ASSERT_FALSE(*verdict) << *record.value;
      EXPECT_EQ(name(verdict->error().front().reason), one.reason) << *record.value;
      EXPECT_EQ(name(verdict->error().front().reason), record.reason);
      EXPECT_EQ(verdict->error().front().field, record.field) << *record.value;
      EXPECT_EQ(verdict->error().size(), 1);
      continue;
    }
    ASSERT_TRUE(*verdict) << *record.value;
    EXPECT_EQ(**verdict, record.event) << "the oracle is told what the record says";
    EXPECT_EQ(decoder.timestamp_below_ms(), record.finer.count()) << *record.value;
    EXPECT_EQ(record.key, base::to_string(record.event.user_id));
    EXPECT_EQ(kept.insert(record.event.event_id).second, record.fate == Fate::kept);
  }
  EXPECT_GT(faulty, 300);
  EXPECT_EQ(kept.size(), 2'000) << "every event of the source is sent once";
}

TEST_P(EachFault, IsRareWhereItsRateIsLow) {
  const auto all = records(spec_with(GetParam().fault, 0.01, 20'000));
  const auto faulty = std::ranges::count_if(all, [](const auto& record) { return !record.faults.empty(); });
  if (GetParam().rate_of == RateOf::listeners || GetParam().fault == Fault::late) return;
  if (GetParam().fault == Fault::oversize) return;
  EXPECT_NEAR(static_cast<double>(faulty), 200, 70);
}

TEST_P(EachFault, DoesNotChangeWhatTheOthersDo) {
  const FaultClass& one = GetParam();
  if (one.fate == Fate::kept) return;
  const SimulationSpec without = spec_with(one.fault == Fault::retry ? Fault::null_value : Fault::retry, 0.1);
  SimulationSpec with = without;
  with.faults.rates[one.fault] = 0.1;
  std::vector<SimulatedRecord> rest;
  std::ranges::copy_if(records(with), std::back_inserter(rest),
                       [&](const auto& record) { return !has(record, one.fault); });
  EXPECT_TRUE(std::ranges::equal(rest, records(without), is_same));
}

TEST(FaultInjector, WithoutRatesTheRecordsAreTheEvents) {
  for (const Profile profile : {Profile::seed, Profile::realistic}) {
    const SimulationSpec spec = spec_of(2'000, profile);
    const auto plain = events(spec);
    const auto sent = records(spec);
    ASSERT_EQ(sent.size(), plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
      std::string value;
      event::append_json(value, plain[i]);
      EXPECT_EQ(sent[i].value, value);
      EXPECT_EQ(sent[i].key, base::to_string(plain[i].user_id));
      EXPECT_TRUE(sent[i].faults.empty());
    }
  }
}

TEST(FaultInjector, EventsOfTheSourceAreSentAsTheyAreBesideBadCopies) {
  SimulationSpec spec = spec_with_all(0.2);
  for (const FaultClass& one : kFaultClasses) {
    if (one.fate == Fate::kept) spec.faults.rates[one.fault] = 0;
  }
  std::vector<std::string> good;
  for (const auto& record : records(spec)) {
    if (record.faults.empty()) good.push_back(record.value.value());
  }
  std::vector<std::string> wanted;
  for (const auto& record : records(spec_of(2'000))) wanted.push_back(record.value.value());
  EXPECT_EQ(good, wanted);
}

TEST(FaultInjector, TheSameSpecGivesTheSameRecords) {
  const auto first = records(spec_with_all(0.05));
  EXPECT_TRUE(std::ranges::equal(first, records(spec_with_all(0.05)), is_same));
  SimulationSpec other = spec_with_all(0.05);
  other.seed = 2;
  EXPECT_FALSE(std::ranges::equal(first, records(other), is_same));
}

TEST(FaultInjector, OfOneIdTheEventIsSentFirst) {
  SimulationSpec spec = spec_with_all(0.3);
  std::map<Uuid, const SimulatedRecord*> first;
  const auto all = records(spec);
  std::size_t changed = 0;
  for (const auto& record : all) {
    if (record.fate == Fate::rejected) continue;
    const auto [place, is_new] = first.try_emplace(record.event.event_id, &record);
    ASSERT_EQ(is_new, record.fate == Fate::kept);
    if (is_new) continue;
    EXPECT_EQ(record.key, place->second->key) << "one key, or they may be in different partitions";
    if (has(record, Fault::retry)) {
      EXPECT_EQ(record.value, place->second->value);
    }
    if (has(record, Fault::changed_body)) {
      ++changed;
      EXPECT_NE(record.event, place->second->event);
    }
  }
  EXPECT_GT(changed, 300);
}

TEST(FaultInjector, ADeviceThatWasOfflineSendsItsEventsInOneBurst) {
  SimulationSpec spec = spec_with(Fault::late, 0.01, 20'000, Profile::realistic);
  spec.users = 50;
  UtcMillis latest{};
  milliseconds most{0};
  std::map<std::string, UtcMillis> newest;
  std::size_t late = 0;
  for (const auto& record : records(spec)) {
    EXPECT_GE(record.due, latest);
    latest = record.due;
    EXPECT_GE(record.event.timestamp, newest[record.key]) << "of one listener, in order";
    newest[record.key] = record.event.timestamp;
    if (!has(record, Fault::late)) {
      EXPECT_EQ(record.due, record.event.timestamp);
      continue;
    }
    ++late;
    most = std::max(most, record.due - record.event.timestamp);
  }
  EXPECT_GT(late, 1'000);
  EXPECT_GT(most, 24h);
  // The listeners are offline for so long at most; the burst comes with the next event of anybody.
  EXPECT_LT(most, kOfflineMax + 1h);
}

TEST(FaultInjector, WhatIsHeldIsBounded) {
  SimulationSpec spec = spec_with(Fault::late, 1, kHeldMax + 10'000);
  auto source = open_source(spec).value();
  FaultInjector injector(spec, *source);
  SimulatedRecord record;
  ASSERT_TRUE(injector.next(record));
  // A millisecond between two events: nobody would come back by himself.
  EXPECT_EQ(record.due - kStart, milliseconds(kHeldMax));
}

TEST(FaultInjector, AClockIsWrongByTheSameTimeForAllOfARun) {
  const SimulationSpec spec = spec_with(Fault::skew, 0.5);
  const auto plain = events(spec);
  const auto sent = records(spec);
  ASSERT_EQ(plain.size(), sent.size());
  std::map<std::string, std::set<milliseconds>> wrong;
  for (std::size_t i = 0; i < plain.size(); ++i)
    wrong[sent[i].key].insert(sent[i].event.timestamp - plain[i].timestamp);
  std::size_t skewed = 0;
  for (const auto& [user, offsets] : wrong) {
    EXPECT_EQ(offsets.size(), 1) << user;
    EXPECT_LE(std::chrono::abs(*offsets.begin()), kSkewMax);
    skewed += *offsets.begin() != 0ms ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(skewed), 10, 6) << "of 20 listeners";
}

TEST(FaultInjector, EventsOutOfOrderComeUpToTwentyEventsLater) {
  const SimulationSpec spec = spec_with(Fault::out_of_order, 0.2);
  UtcMillis newest{};
  std::size_t late = 0;
  for (const auto& record : records(spec)) {
    if (record.event.timestamp < newest) {
      ++late;
      EXPECT_TRUE(has(record, Fault::out_of_order));
      EXPECT_LE(newest - record.event.timestamp, milliseconds(kDelayMax + 1));
    }
    newest = std::max(newest, record.event.timestamp);
  }
  EXPECT_GT(late, 200);
}

TEST(FaultInjector, PlayersAreUpgradedFromSchemaToSchema) {
  SimulationSpec spec = spec_with(Fault::schema_versions, 1, 5'000);
  spec.duration = std::chrono::days(28);
  std::map<std::string, std::int64_t> newest;
  std::map<std::int64_t, std::set<std::string>> players;
  for (const auto& record : records(spec)) {
    const std::int64_t version = record.event.schema_version.value();
    EXPECT_GE(version, newest[record.key]) << "no player is set back";
    newest[record.key] = version;
    players[version].insert(record.event.app_version.value());
    EXPECT_EQ(record.value->contains("\"shuffle\""), version >= 2);
    EXPECT_EQ(record.value->contains("\"context\""), version >= 3);
  }
  ASSERT_EQ(players.size(), 3);
  for (const auto& [version, names] : players) EXPECT_EQ(names.size(), 1) << version;
  for (const auto& [user, version] : newest) EXPECT_EQ(version, 3) << user;
}

TEST(FaultInjector, OversizeRecordsAreOneByteTooLargeAndBounded) {
  SimulationSpec spec = spec_with(Fault::oversize, 1, 100);
  spec.faults.value_bytes_max = std::size_t{8} << 20;
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const auto& record : records(spec)) {
    if (!has(record, Fault::oversize)) continue;
    ++count;
    bytes += record.value->size();
    EXPECT_EQ(record.value->size(), spec.faults.value_bytes_max + 1);
    EXPECT_EQ(record.reason, "line_too_large") << "bronze has no line of this length";
  }
  EXPECT_EQ(count, 3);
  EXPECT_LE(bytes, kOversizeBytesMax);
}

TEST(FaultClasses, FieldsAreThoseOfTheTableOrSaidInWords) {
  for (const FaultClass& one : kFaultClasses) {
    EXPECT_EQ(one.field.empty(), one.fate != Fate::rejected || one.rejected_by == "sink") << one.name;
    EXPECT_EQ(one.reason.empty(), one.fate != Fate::rejected) << one.name;
    EXPECT_EQ(find_fault(one.name), &one);
  }
  EXPECT_EQ(find_fault("retri"), nullptr);
}

TEST(FaultClasses, RatesAreFromZeroToOne) {
  for (const double rate : {-0.1, 1.1}) {
    SimulationSpec spec = spec_with(Fault::bad_country, rate);
    const auto refused = checked(spec);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("bad_country"), std::string::npos) << refused.error().message;
  }
}

TEST(FaultClasses, ASinkThatTakesNextToNothingIsRefused) {
  SimulationSpec spec = spec_with(Fault::bad_country, 0.1);
  spec.faults.value_bytes_max = 1'999;
  const auto refused = checked(spec);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--value-bytes-max"), std::string::npos) << refused.error().message;
  spec.faults.rates = {};
  EXPECT_TRUE(checked(spec));
}

TEST(Oracle, IsToldAgainOfARunWithFaults) {
  const SimulationSpec spec = spec_with_all(0.1);
  OracleRun run{.spec = checked(spec).value()};
  simulate::Oracle oracle;
  oracle.begin_run(false);
  for (const auto& record : records(spec)) tell(oracle, record);
  run.records = oracle.records();
  run.digest = oracle.digest();
  std::istringstream file(
      fmt::format("{{\"oracle\":{}}}\n{{\"run\":{}}}\n{{}}\n", kOracleVersion, to_json(run)));
  const auto read = read_oracle_runs(file, "oracle");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(0).spec.faults, run.spec.faults);
  simulate::Oracle again;
  const auto told = tell_again(read->at(0), again);
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(again.rejected_for(), oracle.rejected_for());
  OracleRun other = read->at(0);
  other.spec.faults.rates[Fault::retry] = 0.2;
  EXPECT_FALSE(tell_again(other, again));
}

TEST(Label, SaysWhatMustBecomeOfARecord) {
  const SimulationSpec spec = spec_with_all(0.3, 500);
  std::map<std::string_view, std::string> lines;
  for (const auto& record : records(spec)) {
    if (record.faults.size() == 1)
      lines.try_emplace(class_of(record.faults[0]).name, label_heads(record, 7, "events"));
  }
  ASSERT_EQ(lines.size(), kFaults);
  EXPECT_TRUE(lines["bad_country"].contains(
      R"("fate":"rejected","rejected_by":"silver","reason":"bad_country","field":"country","topic":"events")"))
      << lines["bad_country"];
  EXPECT_TRUE(lines["null_value"].starts_with(R"({"record":7,"class":"null_value","event_id":null,"key":")"))
      << lines["null_value"];
  EXPECT_TRUE(lines["retry"].ends_with(
      "\"fate\":\"duplicate\",\"rejected_by\":null,\"reason\":null,\"field\":null,\"topic\":\"events\"\n"))
      << lines["retry"];
}

}  // namespace
}  // namespace sdp::simulate
