#include "sink/log_asker.h"

#include <gtest/gtest.h>

#include <atomic>

#include "log/memory/memory_log.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

using std::chrono::milliseconds;

constexpr Question end_of(log::Partition partition) {
  return {partition, Ask::ends};
}

TEST(QuestionLineTest, EachQuestionWaitsOnce) {
  QuestionLine line;
  EXPECT_TRUE(line.add(end_of(0)));
  EXPECT_FALSE(line.add(end_of(0)));
  EXPECT_TRUE(line.add({0, Ask::lag, 7}));
  EXPECT_EQ(line.take(), end_of(0));
  EXPECT_FALSE(line.add(end_of(0)));  // it is being asked
  line.answered(end_of(0), /*failed=*/false);
  EXPECT_TRUE(line.add(end_of(0)));
  EXPECT_EQ(line.take(), (Question{0, Ask::lag, 7}));
  EXPECT_EQ(line.take(), end_of(0));
  EXPECT_EQ(line.take(), std::nullopt);
  EXPECT_TRUE(line.empty());
}

TEST(QuestionLineTest, APartitionThatFailedComesBehindAllOthersUntilItAnswers) {
  QuestionLine line;
  line.add(end_of(0));
  line.answered(*line.take(), /*failed=*/true);
  for (const log::Partition partition : {0, 1, 2}) line.add(end_of(partition));
  EXPECT_EQ(line.take(), end_of(1));
  EXPECT_EQ(line.take(), end_of(2));
  EXPECT_EQ(line.take(), end_of(0));
  line.answered(end_of(0), /*failed=*/false);
  line.answered(end_of(1), /*failed=*/false);
  for (const log::Partition partition : {0, 1}) line.add(end_of(partition));
  EXPECT_EQ(line.take(), end_of(0));
}

class LogAskerTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.ensure_topic({.name = "spotify-events", .partitions = 2})); }

  Answer answer_to(LogAsker& asker, const Question& question) {
    asker.ask(question);
    for (;;) {
      if (auto answer = asker.next_answer()) return *std::move(answer);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  log::MemoryLog log_{{}, base::system_clock(), Rng(1)};
  store::MemoryStore store_;
  const lake_reader::LakeReader lake_{store_, lake::Places()};
};

TEST_F(LogAskerTest, TellsTheEndAndWhenItWasAskedFor) {
  ASSERT_TRUE(log_.append_mark(1));
  const SteadyTime before = base::system_clock().steady_now();
  LogAsker asker(log_, lake_, base::system_clock(), log_.describe()->id, {});
  const Answer answer = answer_to(asker, end_of(1));
  EXPECT_EQ(answer.question, end_of(1));
  EXPECT_EQ(answer.found->available.end, 1);
  EXPECT_GE(answer.asked_at, before);
}

TEST_F(LogAskerTest, TellsHowFarTheLakeIsBehind) {
  ASSERT_TRUE(log_.append(0, {base::system_clock().utc_now(), "k", "{}", {}}));
  ASSERT_TRUE(log_.append_mark(1));
  LogAsker asker(log_, lake_, base::system_clock(), log_.describe()->id, {});
  EXPECT_EQ(answer_to(asker, {0, Ask::lag, 1}).found->lag, 1);
  EXPECT_EQ(answer_to(asker, {0, Ask::lag, 1}).found->lag, 1);
  EXPECT_EQ(answer_to(asker, {1, Ask::lag, 1}).found->lag, 0);
}

TEST_F(LogAskerTest, AnErrorIsAnAnswer) {
  LogAsker asker(log_, lake_, base::system_clock(), log_.describe()->id, {});
  EXPECT_FALSE(answer_to(asker, end_of(9)).found);
  EXPECT_TRUE(answer_to(asker, end_of(0)).found);
}

}  // namespace
}  // namespace sdp::sink
