#include "contract/event_log_contract.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <thread>

#include "base/clock.h"
#include "log/memory/partitioner.h"
#include "support/patience.h"

namespace sdp::log {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr auto kPatience = 120s;
constexpr auto kPollTimeout = 50ms;

std::vector<Offset> range(Offset from, Offset to) {
  std::vector<Offset> offsets(static_cast<std::size_t>(to - from));
  std::iota(offsets.begin(), offsets.end(), from);
  return offsets;
}

}  // namespace

void EventLogContract::SetUp() {
  place_ = GetParam().make();
  log_ = &place_->log();
}

void EventLogContract::create(Partition partitions) {
  // As its producers send it: what foreigners append is to be read as it is.
  const auto created = log_->ensure_topic(
      {.name = place_->topic(), .partitions = partitions, .compression = TopicCompression::producer});
  ASSERT_TRUE(created) << created.error().message;
  ASSERT_TRUE(*created);
}

void EventLogContract::fill(Partition partition, int count, int first) {
  for (int i = first; i < first + count; ++i)
    place_->append(partition, {"k", "value " + std::to_string(i), {}});
  place_->settle();
}

std::unique_ptr<Consumer> EventLogContract::join(const std::string& group) {
  auto consumer = log_->open_consumer({.group = group, .session_timeout = 6s, .max_poll_interval = 60s});
  EXPECT_TRUE(consumer) << consumer.error().message;
  return std::move(consumer).value_or(nullptr);
}

void EventLogContract::poll_until(Consumer& consumer, Recorder& recorder, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    const auto polled = consumer.poll(recorder, 10'000, kPollTimeout);
    ASSERT_TRUE(polled || polled.error().kind == ErrorKind::retry) << polled.error().message;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "only " << recorder.count() << " records came";
  }
}

void EventLogContract::poll_until(Consumer& consumer, Recorder& recorder, std::size_t count) {
  poll_until(consumer, recorder, [&] { return recorder.count() >= count; });
}

void EventLogContract::poll_idle(Consumer& consumer, Recorder& recorder) {
  for (int i = 0; i < 6; ++i) {
    const auto polled = consumer.poll(recorder, 10'000, kPollTimeout);
    ASSERT_TRUE(polled) << polled.error().message;
  }
}

Error EventLogContract::poll_error(Consumer& consumer, Recorder& recorder) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto polled = consumer.poll(recorder, 100, kPollTimeout); !polled) return std::move(polled).error();
  }
  ADD_FAILURE() << "no poll failed";
  return {};
}

void EventLogContract::close(Consumer& consumer, Recorder& recorder) {
  const auto closed = consumer.close(recorder);
  EXPECT_TRUE(closed) << closed.error().message;
}

Watermarks EventLogContract::marks(Partition partition) {
  const auto marks = log_->watermarks(partition);
  EXPECT_TRUE(marks) << marks.error().message;
  return marks.value_or(Watermarks{-1, -1});
}

std::vector<Offset> EventLogContract::read(Partition partition, Offset from, Offset to) {
  const auto reader = log_->open_reader();
  EXPECT_TRUE(reader) << reader.error().message;
  std::vector<Offset> offsets;
  const auto done =
      (*reader)->read_all(partition, from, to, kPatience, [&](const RecordView& record) -> Result<void> {
        EXPECT_EQ(record.partition, partition);
        offsets.push_back(record.offset);
        return {};
      });
  EXPECT_TRUE(done) << done.error().message;
  return offsets;
}

TEST_P(EventLogContract, TheTopicIsCreatedOnceWithAnIdOfItsOwn) {
  create(3);
  const auto again = log_->ensure_topic({.name = place_->topic(), .partitions = 3});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again);
  const auto topic = log_->describe();
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_EQ(topic->name, place_->topic());
  EXPECT_EQ(topic->partitions, 3);
  EXPECT_NE(topic->id, TopicId{});
  EXPECT_FALSE(topic->compacted);
  EXPECT_EQ(topic->timestamp_type, TimestampType::log_append_time);
  EXPECT_GE(topic->message_bytes_max, 1 << 20);
  EXPECT_EQ(log_->describe()->id, topic->id);
}

TEST_P(EventLogContract, ATopicThatIsMissingIsNamed) {
  const auto refused = [&](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::bad_input) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(place_->topic()));
  };
  refused(log_->describe());
  refused(log_->open_producer());
  refused(log_->open_consumer({}));
  refused(log_->open_reader());
  refused(log_->committed(group()));
}

TEST_P(EventLogContract, ARecreatedTopicHasAnotherIdAndStartsAtZero) {
  create(1);
  fill(0, 5);
  const TopicId before = log_->describe()->id;
  place_->recreate({.name = place_->topic(), .partitions = 1});
  const auto after = log_->describe();
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE(after->id, before);
  EXPECT_EQ(marks(0).end, 0);
}

TEST_P(EventLogContract, WhatWasDeliveredIsSoonKnownToBeOfTheTopicThatWasOpened) {
  create(2);
  fill(0, 20);
  fill(1, 20);
  const auto consumer = join();
  Recorder recorder;
  poll_until(*consumer, recorder, 40);
  const DeliveryMark mark = consumer->delivery_mark();
  poll_until(*consumer, recorder, [&] {
    const auto first = consumer->confirm(0, mark);
    const auto second = consumer->confirm(1, mark);
    EXPECT_TRUE(first && second);
    return !first || !second || (*first && *second);
  });
  // What nothing came of is known.
  EXPECT_EQ(consumer->confirm(5, mark), true);
}

TEST_P(EventLogContract, AConsumerIsOpenedOnTheTopicThatIsMeant) {
  create(1);
  const TopicId before = log_->describe()->id;
  place_->recreate({.name = place_->topic(), .partitions = 1});
  fill(0, 5);
  Recorder recorder;
  const auto consumer = log_->open_consumer({.group = group(), .topic_id = before});
  // At once, or before it is given a partition.
  const Error error = consumer ? poll_error(**consumer, recorder) : consumer.error();
  EXPECT_EQ(error.kind, ErrorKind::fenced) << error.message;
  EXPECT_EQ(recorder.count(), 0U);
}

TEST_P(EventLogContract, WatermarksAreWhatIsThere) {
  create(2);
  EXPECT_EQ(marks(0).end, 0);
  fill(0, 7);
  place_->delete_below(0, 3);
  EXPECT_EQ(marks(0).start, 3);
  EXPECT_EQ(marks(0).end, 7);
  EXPECT_EQ(marks(1).end, 0);
}

TEST_P(EventLogContract, EverySentRecordIsCountedAndOfAKeyInOrderWhereKafkaPutsIt) {
  constexpr Partition kPartitions = 4;
  constexpr int kRecords = 2'000;
  create(kPartitions);
  const auto producer = log_->open_producer().value();
  for (int i = 0; i < kRecords; ++i) {
    const auto sent = producer->send("user " + std::to_string(i % 50), std::to_string(i));
    ASSERT_TRUE(sent) << sent.error().message;
  }
  const auto flushed = producer->flush(kPatience);
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_EQ(producer->counts().acked, static_cast<std::uint64_t>(kRecords));
  EXPECT_EQ(producer->counts().failed, 0U);
  EXPECT_EQ(producer->first_failure(), "");

  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, kRecords);
  std::map<std::string, int> last;
  for (const auto& [partition, records] : recorder.records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i].offset, static_cast<Offset>(i));
      EXPECT_EQ(partition, partition_of(*records[i].key, kPartitions));
      const int number = std::stoi(*records[i].value);
      EXPECT_TRUE(!last.contains(*records[i].key) || last[*records[i].key] < number);
      last[*records[i].key] = number;
    }
  }
  EXPECT_EQ(last.size(), 50U);
}

TEST_P(EventLogContract, OfTransactionsReadersAreGivenWhatIsCommittedInItsOrder) {
  create(2);
  const auto producer = log_->open_producer().value();
  ASSERT_TRUE(producer->send("k", "0"));
  Placement place;
  const Outgoing records[] = {{"k", "1"}, {"other", "2"}, {.key = "k", .value = {}, .placement = &place}};
  const auto aborted = producer->send_transaction(records, TransactionEnd::abort);
  ASSERT_TRUE(aborted) << aborted.error().message;
  EXPECT_EQ(producer->counts().acked, 1U) << "what is aborted is not counted";
  const Partition of_k = partition_of("k", 2);
  EXPECT_TRUE(place.is_confirmed);
  EXPECT_EQ(place.at, (PartitionOffset{of_k, of_k == partition_of("other", 2) ? 3 : 2}));
  const auto committed = producer->send_transaction(records, TransactionEnd::commit);
  ASSERT_TRUE(committed) << committed.error().message;
  ASSERT_TRUE(producer->send("k", "3"));
  ASSERT_TRUE(producer->flush(kPatience));
  EXPECT_EQ(producer->counts().acked, 5U);
  EXPECT_EQ(producer->counts().failed, 0U) << producer->first_failure();

  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 5);
  std::vector<std::optional<std::string>> of_key;
  for (const auto& record : recorder.records[of_k]) {
    if (record.key == "k") of_key.push_back(record.value);
  }
  EXPECT_THAT(of_key, ElementsAre("0", "1", std::nullopt, "3"));
  const Offset ends = marks(0).end + marks(1).end;
  EXPECT_GE(ends, 5 + 3 + 2) << "records, those that were aborted, and a mark for each end";
}

TEST_P(EventLogContract, WhereARecordIsIsToldByTheEndOfAFlush) {
  create(4);
  const auto producer = log_->open_producer().value();
  std::vector<Placement> places(200);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string key = std::to_string(i);
    ASSERT_TRUE(producer->send({.key = key, .value = key, .placement = &places[i]}));
    ASSERT_TRUE(producer->send(key, "nobody asks"));
  }
  ASSERT_TRUE(producer->flush(kPatience));
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 2 * places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    ASSERT_TRUE(places[i].is_confirmed && places[i].at) << i;
    const auto& of_partition = recorder.records[places[i].at->partition];
    EXPECT_EQ(of_partition.at(static_cast<std::size_t>(places[i].at->offset)).value, std::to_string(i));
  }
}

TEST_P(EventLogContract, AbsentAndEmptyStayApart) {
  create(1);
  const auto producer = log_->open_producer().value();
  ASSERT_TRUE(producer->send("key", std::nullopt));
  ASSERT_TRUE(producer->send("key", ""));
  ASSERT_TRUE(producer->send(std::nullopt, "value"));
  ASSERT_TRUE(producer->send("", "value"));
  ASSERT_TRUE(producer->send("key", std::string_view("\0\xff\n", 3)));
  ASSERT_TRUE(producer->flush(kPatience));
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 5);
  const auto& records = recorder.records[0];
  EXPECT_EQ(records[0].value, std::nullopt);
  EXPECT_EQ(records[1].value, "");
  EXPECT_EQ(records[2].key, std::nullopt);
  EXPECT_EQ(records[3].key, "");
  EXPECT_EQ(records[4].value, std::string("\0\xff\n", 3));
}

TEST_P(EventLogContract, LargeValuesComeBackWhole) {
  create(1);
  std::string value(3 << 20, '\0');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>((i * 2'654'435'761U) >> 13);
  const auto producer = log_->open_producer().value();
  ASSERT_TRUE(producer->send("k", std::string_view(value).substr(0, 1 << 20)));
  ASSERT_TRUE(producer->send("k", value));
  ASSERT_TRUE(producer->flush(kPatience));
  ASSERT_EQ(producer->counts().acked, 2U) << producer->first_failure();
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 2);
  EXPECT_TRUE(recorder.records[0][0].value == value.substr(0, 1 << 20));
  EXPECT_TRUE(recorder.records[0][1].value == value);
}

TEST_P(EventLogContract, AValueAboveTheLimitIsRefusedAndTheNextRecordIsNot) {
  create(1);
  const auto producer = log_->open_producer().value();
  const auto sent = producer->send("k", std::string(11 << 20, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::bad_input) << sent.error().message;
  ASSERT_TRUE(producer->send("k", "v"));
  ASSERT_TRUE(producer->flush(kPatience));
  EXPECT_EQ(producer->counts().acked, 1U);
}

TEST_P(EventLogContract, HeadersComeBackInOrder) {
  create(1);
  place_->append(0, {"k", "v", {{"trace", "1-2"}, {"empty", ""}, {"absent", std::nullopt}, {"trace", "3"}}});
  place_->settle();
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 1);
  EXPECT_THAT(recorder.records[0][0].headers, ElementsAre(Pair("trace", "1-2"), Pair("empty", ""),
                                                          Pair("absent", std::nullopt), Pair("trace", "3")));
}

TEST_P(EventLogContract, TimestampsAreTheTimeOfAppending) {
  create(1);
  const UtcMillis before = base::system_clock().utc_now();
  fill(0, 2);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 2);
  for (const auto& record : recorder.records[0]) {
    EXPECT_GE(record.timestamp, before - 1s);
    EXPECT_LE(record.timestamp, base::system_clock().utc_now() + 1s);
  }
}

TEST_P(EventLogContract, StartsWhereTheHandlerSays) {
  create(2);
  fill(0, 10);
  fill(1, 10);
  Recorder recorder;
  recorder.starts = {{0, 4}, {1, 10}};
  const auto consumer = join();
  poll_until(*consumer, recorder, 6);
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.offsets(0), range(4, 10));
  EXPECT_TRUE(recorder.offsets(1).empty());
  fill(1, 1);
  poll_until(*consumer, recorder, 7);
  EXPECT_EQ(recorder.offsets(1), range(10, 11));
}

TEST_P(EventLogContract, TheEndOfAPartitionIsToldBehindItsRecordsAndForEachEndOnce) {
  create(2);
  fill(0, 10);
  Recorder recorder;
  const auto consumer = join();
  recorder.then = [&](const RecordView&) { EXPECT_TRUE(recorder.ends[0].empty()); };
  poll_until(*consumer, recorder, [&] { return !recorder.ends[0].empty() && !recorder.ends[1].empty(); });
  EXPECT_EQ(recorder.count(), 10U);
  poll_idle(*consumer, recorder);
  EXPECT_THAT(recorder.ends[0], ElementsAre(10));
  EXPECT_THAT(recorder.ends[1], ElementsAre(0));
  recorder.then = nullptr;
  fill(0, 5, 10);
  poll_until(*consumer, recorder, [&] { return recorder.ends[0].back() == 15; });
  EXPECT_EQ(recorder.count(), 15U);
}

TEST_P(EventLogContract, TheEndIsToldAgainAfterASeekAndAfterAPause) {
  create(1);
  fill(0, 10);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, [&] { return !recorder.ends[0].empty(); });
  recorder.ends.clear();
  ASSERT_TRUE(consumer->seek({0, 4}));
  poll_until(*consumer, recorder, [&] { return !recorder.ends[0].empty(); });
  EXPECT_EQ(recorder.count(), 16U);
  recorder.ends.clear();
  ASSERT_TRUE(consumer->seek({0, 10}));
  poll_until(*consumer, recorder, [&] { return !recorder.ends[0].empty(); });
  EXPECT_THAT(recorder.ends[0], ElementsAre(10));
  recorder.ends.clear();
  ASSERT_TRUE(consumer->pause(0));
  poll_idle(*consumer, recorder);
  EXPECT_TRUE(recorder.ends[0].empty());
  ASSERT_TRUE(consumer->resume(0));
  poll_until(*consumer, recorder, [&] { return !recorder.ends[0].empty(); });
  EXPECT_EQ(recorder.count(), 16U);
}

TEST_P(EventLogContract, AReaderFindsTheFirstRecordOfARange) {
  create(1);
  fill(0, 5);
  const auto reader = log_->open_reader().value();
  EXPECT_EQ(reader->first_record(0, 2, 5, kPatience).value()->offset, 2);
  EXPECT_EQ(reader->first_record(0, 0, 5, kPatience).value()->offset, 0);
  EXPECT_EQ(reader->first_record(0, 3, 3, kPatience).value(), std::nullopt);
  EXPECT_EQ(reader->first_record(0, 5, 5, kPatience).value(), std::nullopt);
}

TEST_P(EventLogContract, PollHandsOverNoMoreThanAskedFor) {
  create(1);
  fill(0, 50);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, [&] { return !recorder.owned.empty(); });
  const std::size_t before = recorder.count();
  for (int i = 0; i < 100 && recorder.count() < 50; ++i) {
    const std::size_t count = recorder.count();
    const auto polled = consumer->poll(recorder, 7, kPollTimeout);
    ASSERT_TRUE(polled);
    EXPECT_LE(*polled, 7U);
    EXPECT_EQ(recorder.count(), count + *polled);
  }
  EXPECT_LE(before, 50U);
  EXPECT_EQ(recorder.offsets(0), range(0, 50));
}

TEST_P(EventLogContract, ARefusedAssignmentEndsThePollAndIsOfferedAgain) {
  create(1);
  fill(0, 3);
  Recorder recorder;
  recorder.refuse_assignment = Error{ErrorKind::unavailable, "the lake is away"};
  const auto consumer = join();
  EXPECT_EQ(poll_error(*consumer, recorder).message, "the lake is away");
  poll_until(*consumer, recorder, 3);
  EXPECT_EQ(recorder.offsets(0), range(0, 3));
}

TEST_P(EventLogContract, ASeekBackBetweenPollsDropsWhatWasFetched) {
  create(2);
  fill(0, 500);
  fill(1, 20);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, [&] { return recorder.offsets(0).size() >= 100; });
  recorder.records[0].clear();
  ASSERT_TRUE(consumer->seek({0, 5}));
  poll_until(*consumer, recorder, [&] { return recorder.offsets(0).size() >= 495; });
  poll_until(*consumer, recorder, [&] { return recorder.offsets(1).size() >= 20; });
  EXPECT_EQ(recorder.offsets(0), range(5, 500));
  EXPECT_EQ(recorder.offsets(1), range(0, 20));
}

TEST_P(EventLogContract, ASeekFromInsideARecordTakesEffectAtOnce) {
  create(1);
  fill(0, 300);
  Recorder recorder;
  const auto consumer = join();
  bool went_back = false;
  recorder.then = [&](const RecordView& record) {
    if (record.offset == 50) {
      EXPECT_TRUE(consumer->seek({0, 200}));
    }
    if (record.offset == 250 && !std::exchange(went_back, true)) {
      EXPECT_TRUE(consumer->seek({0, 240}));
    }
  };
  std::vector<Offset> expected = range(0, 51);
  for (const Offset offset : range(200, 251)) expected.push_back(offset);
  for (const Offset offset : range(240, 300)) expected.push_back(offset);
  poll_until(*consumer, recorder, expected.size());
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.offsets(0), expected);
}

TEST_P(EventLogContract, ManySeeksLoseAndDoubleNothing) {
  create(1);
  fill(0, 400);
  Recorder recorder;
  const auto consumer = join();
  Offset expected = 0;
  int seeks = 0;
  recorder.then = [&](const RecordView& record) {
    EXPECT_EQ(record.offset, expected);
    expected = record.offset + 1;
  };
  poll_until(*consumer, recorder, [&] { return expected >= 50; });
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (seeks < 40 && std::chrono::steady_clock::now() < deadline) {
    expected = (++seeks * 97) % 380;
    ASSERT_TRUE(consumer->seek({0, expected}));
    const Offset from = expected;
    for (int polls = 0; polls < 200 && expected == from; ++polls)
      ASSERT_TRUE(consumer->poll(recorder, 30, 10ms));
    ASSERT_GT(expected, from);
  }
  EXPECT_EQ(seeks, 40);
}

TEST_P(EventLogContract, APausedPartitionIsSilentAndGoesOnWhereItStood) {
  create(2);
  fill(0, 200);
  fill(1, 5);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 205);
  ASSERT_TRUE(consumer->pause(0));
  ASSERT_TRUE(consumer->pause(0));
  fill(0, 50, 200);
  fill(1, 5, 5);
  poll_until(*consumer, recorder, [&] { return recorder.offsets(1).size() == 10; });
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.offsets(0), range(0, 200));
  ASSERT_TRUE(consumer->resume(0));
  poll_until(*consumer, recorder, 260);
  EXPECT_EQ(recorder.offsets(0), range(0, 250));
}

TEST_P(EventLogContract, APauseFromInsideARecordTakesEffectAtOnceAndLosesNothing) {
  create(1);
  fill(0, 300);
  Recorder recorder;
  const auto consumer = join();
  recorder.then = [&](const RecordView& record) {
    if (record.offset == 20) {
      EXPECT_TRUE(consumer->pause(0));
    }
  };
  poll_until(*consumer, recorder, 21);
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.offsets(0), range(0, 21));
  ASSERT_TRUE(consumer->resume(0));
  poll_until(*consumer, recorder, 300);
  EXPECT_EQ(recorder.offsets(0), range(0, 300));
}

TEST_P(EventLogContract, PausedThenSoughtItGoesOnAtTheNewPlace) {
  create(1);
  fill(0, 100);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 100);
  ASSERT_TRUE(consumer->pause(0));
  ASSERT_TRUE(consumer->seek({0, 60}));
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.count(), 100U);
  recorder.records.clear();
  ASSERT_TRUE(consumer->resume(0));
  poll_until(*consumer, recorder, 140);
  EXPECT_EQ(recorder.offsets(0), range(60, 100));
}

TEST_P(EventLogContract, PartitionsOfOthersAreNotForSeekingButPausingThemIsNoError) {
  create(2);
  Recorder recorder;
  const auto consumer = join();
  EXPECT_TRUE(consumer->pause(0));
  EXPECT_TRUE(consumer->resume(0));
  const auto sought = consumer->seek({0, 0});
  ASSERT_FALSE(sought);
  EXPECT_EQ(sought.error().kind, ErrorKind::fenced) << sought.error().message;
}

TEST_P(EventLogContract, CommitsAreSeenByOthersAndMoveNobody) {
  create(2);
  fill(0, 10);
  EXPECT_THAT(log_->committed(group()).value(), ElementsAre(std::nullopt, std::nullopt));
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 10);
  const PartitionOffset position{0, 6};
  ASSERT_TRUE(consumer->commit({&position, 1}));
  poll_until(*consumer, recorder, [&] { return log_->committed(group()).value()[0].has_value(); });
  EXPECT_THAT(log_->committed(group()).value(), ElementsAre(6, std::nullopt));
  EXPECT_THAT(log_->committed(group("another")).value(), ElementsAre(std::nullopt, std::nullopt));
  close(*consumer, recorder);
  EXPECT_EQ(log_->committed(group()).value()[0], 6);
  // The next member starts where its handler says, whatever was committed.
  Recorder next;
  const auto second = join();
  poll_until(*second, next, 10);
  EXPECT_EQ(next.offsets(0), range(0, 10));
}

TEST_P(EventLogContract, MembersOfAGroupAreCountedWhileTheyStay) {
  create(2);
  EXPECT_EQ(log_->members(group()).value(), 0U);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, [&] { return log_->members(group()).value() == 1; });
  EXPECT_EQ(log_->members(group("another")).value(), 0U);
  close(*consumer, recorder);
  // Its leave is sent, and a busy broker may answer others first.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (log_->members(group()).value() != 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(50ms);
  }
}

TEST_P(EventLogContract, AMemberThatIsClosedWhileItJoinsEnds) {
  create(2);
  for (int round = 0; round < 10; ++round) {
    Recorder recorder;
    const auto consumer = join();
    poll_until(*consumer, recorder, [&] { return log_->members(group()).value() == 1; });
    close(*consumer, recorder);
    EXPECT_TRUE(recorder.owned.empty());
  }
}

TEST_P(EventLogContract, CloseHandsOverTheRevocationAndEndsPolling) {
  create(3);
  fill(1, 3);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, 3);
  EXPECT_THAT(recorder.owned, UnorderedElementsAre(0, 1, 2));
  close(*consumer, recorder);
  EXPECT_TRUE(recorder.owned.empty());
  EXPECT_FALSE(consumer->poll(recorder, 1, 0ms));
  close(*consumer, recorder);
}

TEST_P(EventLogContract, TwoMembersShareAndTheRestGoesToWhoStays) {
  create(4);
  for (Partition p = 0; p < 4; ++p) fill(p, 20);
  // Both go on where the other was, as a sink does by its chain ends.
  std::map<Partition, Offset> next;
  Recorder one;
  Recorder two;
  std::vector<std::pair<Partition, Offset>> seen;
  const auto note = [&](Recorder& mine, Recorder& other) {
    mine.then = [&](const RecordView& record) {
      seen.emplace_back(record.partition, record.offset);
      mine.starts[record.partition] = other.starts[record.partition] = record.offset + 1;
    };
  };
  note(one, two);
  note(two, one);
  const auto first = join();
  poll_until(*first, one, 80);
  EXPECT_EQ(one.owned.size(), 4U);

  const auto second = join();
  const auto both = [&](const std::function<bool()>& done) {
    poll_until(*first, one, [&] {
      EXPECT_TRUE(second->poll(two, 1'000, 20ms));
      return done();
    });
  };
  both([&] { return one.owned.size() == 2 && two.owned.size() == 2; });
  for (Partition p = 0; p < 4; ++p) fill(p, 20, 20);
  both([&] { return seen.size() >= 160; });
  EXPECT_GT(two.count(), 0U);

  for (Partition p = 0; p < 4; ++p) fill(p, 20, 40);
  close(*first, one);
  EXPECT_TRUE(one.owned.empty());
  poll_until(*second, two, [&] { return seen.size() >= 240; });
  EXPECT_THAT(two.owned, UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(one.saw_foreign_record || two.saw_foreign_record);
  EXPECT_EQ(seen.size(), 240U);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 240U);
}

TEST_P(EventLogContract, APausedPartitionThatWentAwayAndCameBackIsNotPaused) {
  create(2);
  fill(0, 5);
  fill(1, 5);
  Recorder one;
  Recorder two;
  const auto first = join();
  poll_until(*first, one, 10);
  for (const Partition partition : {0, 1}) ASSERT_TRUE(first->pause(partition));
  const auto second = join();
  poll_until(*first, one, [&] {
    EXPECT_TRUE(second->poll(two, 1'000, 20ms));
    return one.owned.size() == 1 && two.owned.size() == 1;
  });
  const Partition moved = two.owned[0];
  close(*second, two);
  poll_until(*first, one, [&] { return one.owned.size() == 2; });
  poll_until(*first, one, [&] { return one.offsets(moved).size() == 10; });
  EXPECT_EQ(one.offsets(1 - moved).size(), 5U);
}

TEST_P(EventLogContract, GroupsDoNotDisturbEachOther) {
  create(2);
  fill(0, 10);
  Recorder one;
  Recorder two;
  const auto first = join("sink");
  const auto second = join("witness");
  poll_until(*first, one, 10);
  poll_until(*second, two, 10);
  EXPECT_EQ(one.owned.size(), 2U);
  EXPECT_EQ(two.owned.size(), 2U);
}

TEST_P(EventLogContract, AStartThatIsGoneIsADataGapThatNamesThePartition) {
  create(1);
  fill(0, 10);
  place_->delete_below(0, 5);
  Recorder recorder;
  recorder.starts = {{0, 2}};
  const auto consumer = join();
  const Error error = poll_error(*consumer, recorder);
  EXPECT_EQ(error.kind, ErrorKind::data_gap) << error.message;
  EXPECT_THAT(error.message, HasSubstr(place_->topic()));
  EXPECT_EQ(recorder.count(), 0U);
}

TEST_P(EventLogContract, AStartBehindTheEndIsADataGap) {
  create(1);
  fill(0, 10);
  Recorder recorder;
  recorder.starts = {{0, 11}};
  const auto consumer = join();
  EXPECT_EQ(poll_error(*consumer, recorder).kind, ErrorKind::data_gap);
}

TEST_P(EventLogContract, AReaderGivesExactlyTheRange) {
  create(2);
  fill(1, 3'000);
  EXPECT_EQ(read(1, 0, 3'000), range(0, 3'000));
  EXPECT_EQ(read(1, 1'234, 1'240), range(1'234, 1'240));
  EXPECT_TRUE(read(1, 7, 7).empty());
  EXPECT_TRUE(read(0, 0, 0).empty());
}

TEST_P(EventLogContract, AReaderReadsManyRangesOneAfterAnother) {
  create(2);
  fill(0, 100);
  fill(1, 100);
  const auto reader = log_->open_reader().value();
  for (const Offset from : {50, 0, 90, 10}) {
    for (const Partition partition : {0, 1}) {
      std::vector<Offset> offsets;
      const auto done = reader->read_all(partition, from, from + 10, kPatience,
                                         [&](const RecordView& record) -> Result<void> {
                                           offsets.push_back(record.offset);
                                           return {};
                                         });
      ASSERT_TRUE(done) << done.error().message;
      EXPECT_EQ(offsets, range(from, from + 10));
    }
  }
}

TEST_P(EventLogContract, AReaderStopsWithTheVisitorsError) {
  create(1);
  fill(0, 10);
  int visits = 0;
  const auto done =
      log_->open_reader().value()->read_all(0, 0, 10, kPatience, [&](const RecordView&) -> Result<void> {
        if (++visits == 4) return fail(ErrorKind::violation, "enough");
        return {};
      });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "enough");
  EXPECT_EQ(visits, 4);
}

TEST_P(EventLogContract, AReaderSaysWhichRecordDidNotCome) {
  create(1);
  fill(0, 3);
  const auto done = log_->open_reader().value()->read_all(
      0, 0, 4, 300ms, [](const RecordView&) -> Result<void> { return {}; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::unavailable) << done.error().message;
  EXPECT_THAT(done.error().message, HasSubstr(place_->topic() + "/0"));
  EXPECT_THAT(done.error().message, HasSubstr("offset 3"));
}

TEST_P(EventLogContract, ABatchThatCannotBeReadHoldsUpItsPartitionUntilASeek) {
  create(2);
  fill(0, 3);
  place_->settle();
  place_->append_unreadable(0, 5);
  fill(0, 3, 3);
  fill(1, 4);
  Recorder recorder;
  const auto consumer = join();
  poll_until(*consumer, recorder, [&] { return recorder.count() == 7 && !recorder.unreadable.empty(); });
  poll_idle(*consumer, recorder);
  EXPECT_EQ(recorder.offsets(0), range(0, 3));
  EXPECT_EQ(recorder.offsets(1), range(0, 4));
  ASSERT_EQ(recorder.unreadable, (std::vector<PartitionOffset>{{0, 3}}));

  // Within the batch it is told again, from there on.
  ASSERT_TRUE(consumer->seek({0, 5}));
  poll_until(*consumer, recorder, [&] { return recorder.unreadable.size() == 2; });
  ASSERT_EQ(recorder.unreadable.size(), 2U);
  EXPECT_EQ(recorder.unreadable.back(), (PartitionOffset{0, 5}));

  ASSERT_TRUE(consumer->seek({0, 8}));
  poll_until(*consumer, recorder, 10);
  EXPECT_EQ(recorder.offsets(0), (std::vector<Offset>{0, 1, 2, 8, 9, 10}));
  EXPECT_EQ(recorder.unreadable.size(), 2U);
  close(*consumer, recorder);
}

TEST_P(EventLogContract, AReaderTellsHowFarABatchGoesThatCannotBeRead) {
  create(1);
  place_->append_unreadable(0, 1);
  fill(0, 2);
  place_->settle();
  place_->append_unreadable(0, 6);
  place_->append_unreadable(0, 4);
  const auto reader = log_->open_reader().value();
  const auto read_from = [&](Offset from, Offset to) {
    std::vector<Offset> offsets;
    std::vector<UnreadableBatch> batches;
    const auto done = reader->read(
        0, from, to, kPatience,
        [&](const RecordView& record) -> Result<void> {
          offsets.push_back(record.offset);
          return {};
        },
        [&](const UnreadableBatch& batch) -> Result<void> {
          batches.push_back(batch);
          return {};
        });
    EXPECT_TRUE(done) << done.error().message;
    return std::pair(offsets, batches);
  };
  const auto batch = [](Offset first, Offset end) {
    return UnreadableBatch{0, first, end, BatchFault::too_large};
  };
  using Batches = std::vector<UnreadableBatch>;
  EXPECT_EQ(read_from(0, 13), std::pair(range(1, 3), Batches{batch(0, 1), batch(3, 9), batch(9, 13)}));
  // From within a batch, and up to within one.
  EXPECT_EQ(read_from(5, 10), std::pair(range(0, 0), Batches{batch(5, 9), batch(9, 13)}));
  EXPECT_EQ(read_from(1, 3), std::pair(range(1, 3), Batches{}));

  const auto first_of = [&](Offset from, Offset to) {
    return reader->first_record(0, from, to, kPatience).value();
  };
  EXPECT_EQ(first_of(0, 13), (RecordStamp{0, kTimeOfUnreadable}));
  EXPECT_EQ(first_of(4, 13), (RecordStamp{4, kTimeOfUnreadable}));
  EXPECT_EQ(first_of(1, 13)->offset, 1);

  const auto refused =
      reader->read_all(0, 0, 13, kPatience, [](const RecordView&) -> Result<void> { return {}; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_input) << refused.error().message;
}

TEST_P(EventLogContract, AReaderOfWhatIsGoneMeetsADataGap) {
  create(1);
  fill(0, 10);
  place_->delete_below(0, 5);
  const auto done = log_->open_reader().value()->read_all(
      0, 4, 10, kPatience, [](const RecordView&) -> Result<void> { return {}; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::data_gap) << done.error().message;
  EXPECT_EQ(read(0, 5, 10), range(5, 10));
}

}  // namespace sdp::log
