#include <fmt/core.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "sink_world.h"

namespace sdp::simulation {
namespace {

/// SDP_SIMULATION_SEEDS=N runs N seeds, SDP_SIMULATION_SEED=S only that one: how a failure is replayed.
struct Seeds {
  std::uint64_t from = 1;
  std::uint64_t count = 150;
};

Seeds seeds_to_run() {
  if (const char* one = std::getenv("SDP_SIMULATION_SEED")) return {std::strtoull(one, nullptr, 10), 1};
  if (const char* many = std::getenv("SDP_SIMULATION_SEEDS")) return {1, std::strtoull(many, nullptr, 10)};
  return {};
}

TEST(SinkSimulation, EveryRecordIsInTheLakeExactlyOnceWhateverCrashes) {
  const Seeds seeds = seeds_to_run();
  World::Counts total;
  for (std::uint64_t seed = seeds.from; seed < seeds.from + seeds.count; ++seed) {
    World world({.seed = seed});
    world.run();
    ASSERT_TRUE(world.violations().empty()) << fmt::format(
        "{}\nreplay: SDP_SIMULATION_SEED={} sink_simulation_test", fmt::join(world.violations(), "\n"), seed);
    total.crashes += world.counts().crashes;
    total.conflicts += world.counts().conflicts;
    total.lost_answers += world.counts().lost_answers;
    total.late_puts += world.counts().late_puts;
    total.records += world.counts().records;
    total.shared += world.counts().shared;
    total.outages += world.counts().outages;
    total.given_up += world.counts().given_up;
    total.hours += world.counts().hours;
    total.committed += world.counts().committed;
    total.aborted += world.counts().aborted;
    total.bare_ends += world.counts().bare_ends;
    total.unreadable += world.counts().unreadable;
  }
  fmt::print(
      "{} seeds: {} records, {} crashes, {} shared partitions, {} conflicts, {} lost answers, {} late puts, "
      "{} outages, {} given up, {} hours closed, {} transactions committed, {} aborted, {} ends without a "
      "record\n",
      seeds.count, total.records, total.crashes, total.shared, total.conflicts, total.lost_answers,
      total.late_puts, total.outages, total.given_up, total.hours, total.committed, total.aborted,
      total.bare_ends);
  // The chaos really happened.
  EXPECT_GT(total.crashes, seeds.count);
  EXPECT_GT(total.conflicts, seeds.count);
  EXPECT_GT(total.lost_answers, seeds.count);
  EXPECT_GT(total.late_puts, seeds.count);
  EXPECT_GT(total.outages, seeds.count);
  EXPECT_GT(total.given_up, seeds.count / 10);
  EXPECT_GT(total.hours, seeds.count);
  EXPECT_GT(total.committed, seeds.count);
  EXPECT_GT(total.aborted, seeds.count);
  EXPECT_GT(total.bare_ends, seeds.count / 10);
  EXPECT_GT(total.unreadable, seeds.count);
}

TEST(SinkSimulation, NothingOfATopicThatWasCreatedAgainIsInAnotherOnesChain) {
  const Seeds seeds = seeds_to_run();
  World::Counts total;
  for (std::uint64_t seed = seeds.from; seed < seeds.from + seeds.count; ++seed) {
    World world({.seed = seed, .steps = 600, .created_again = 0.005});
    world.run();
    ASSERT_TRUE(world.violations().empty()) << fmt::format(
        "{}\nreplay: SDP_SIMULATION_SEED={} sink_simulation_test", fmt::join(world.violations(), "\n"), seed);
    total.lives += world.counts().lives;
    total.mixed += world.counts().mixed;
    total.told += world.counts().told;
    total.objects += world.counts().objects;
  }
  fmt::print("{} seeds: {} topics, {} times a sink read on in another one, {} were told, {} objects\n",
             seeds.count, total.lives, total.mixed, total.told, total.objects);
  EXPECT_GT(total.lives, 2 * seeds.count);
  EXPECT_GT(total.mixed, seeds.count);
  EXPECT_GT(total.told, seeds.count);
}

/// A simulation that cannot fail proves nothing: each defect that the design forbids must be found within few
/// seeds.
class SinkSimulationFinds : public testing::TestWithParam<Mutation> {};

TEST_P(SinkSimulationFinds, TheDefect) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const bool of_topics =
        GetParam() == Mutation::upload_without_asking || GetParam() == Mutation::believe_older_answers;
    World world({.seed = seed, .created_again = of_topics ? 0.003 : 0, .mutation = GetParam()});
    world.run();
    if (!world.violations().empty()) return;
  }
  FAIL() << "20 seeds did not find it";
}

INSTANTIATE_TEST_SUITE_P(Defects, SinkSimulationFinds,
                         testing::Values(Mutation::plain_put, Mutation::commit_before_upload,
                                         Mutation::second_resolution_key, Mutation::keep_batch_after_conflict,
                                         Mutation::silence_is_the_end, Mutation::hours_by_the_clock_only,
                                         Mutation::upload_without_asking, Mutation::believe_older_answers),
                         [](const testing::TestParamInfo<Mutation>& param) -> std::string {
                           switch (param.param) {
                             case Mutation::plain_put:
                               return "PlainPutInsteadOfCreateOnly";
                             case Mutation::commit_before_upload:
                               return "CommitBeforeUpload";
                             case Mutation::second_resolution_key:
                               return "KeyOfSecondResolution";
                             case Mutation::keep_batch_after_conflict:
                               return "GoingOnAfterAConflict";
                             case Mutation::silence_is_the_end:
                               return "TakingSilenceForTheEnd";
                             case Mutation::hours_by_the_clock_only:
                               return "ClosingAnHourThatIsNotOver";
                             case Mutation::upload_without_asking:
                               return "UploadingWithoutAskingForTheTopic";
                             case Mutation::believe_older_answers:
                               return "BelievingAnAnswerThatIsOlderThanTheBatch";
                             case Mutation::none:
                               break;
                           }
                           return "None";
                         });

}  // namespace
}  // namespace sdp::simulation
