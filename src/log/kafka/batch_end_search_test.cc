#include "log/kafka/batch_end_search.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace sdp::log::kafka {
namespace {

struct Found {
  Offset end = 0;
  int questions = 0;
};

/// Asks a log with one batch [first, end) at the offset `inside` of it.
Found search(Offset inside, Offset end, Offset limit) {
  BatchEndSearch search(inside, limit);
  Found found;
  while (const auto at = search.next()) {
    ++found.questions;
    search.note(*at < end);
  }
  found.end = search.end();
  return found;
}

TEST(BatchEndSearch, AsksOnceWhereTheBatchHasOneRecord) {
  EXPECT_EQ(search(7, 8, 100).end, 8);
  EXPECT_EQ(search(7, 8, 100).questions, 1);
}

TEST(BatchEndSearch, AsksNothingAtTheEndOfThePartition) {
  EXPECT_EQ(search(7, 8, 8).end, 8);
  EXPECT_EQ(search(7, 8, 8).questions, 0);
}

TEST(BatchEndSearch, NeverAsksAtOrBehindTheLimit) {
  BatchEndSearch search(0, 6);
  std::vector<Offset> asked;
  while (const auto at = search.next()) {
    asked.push_back(*at);
    search.note(true);
  }
  EXPECT_EQ(asked, (std::vector<Offset>{1, 3, 5}));
  EXPECT_EQ(search.end(), 6);
}

TEST(BatchEndSearch, TakesALimitThatWasAskedForBeforeTheBatchCame) {
  EXPECT_EQ(search(7, 8, 5).end, 8);
}

TEST(BatchEndSearch, FindsTheEndOfAnyBatchInFewQuestions) {
  rc::check([] {
    const auto inside = *rc::gen::inRange<Offset>(0, 1'000'000);
    const auto length = *rc::gen::inRange<Offset>(1, 300'000);
    const auto behind = *rc::gen::inRange<Offset>(0, 300'000);
    const Offset end = inside + length;
    const Found found = search(inside, end, end + behind);
    RC_ASSERT(found.end == end);
    RC_ASSERT(found.questions <= 2 * 19 + 1);
  });
}

}  // namespace
}  // namespace sdp::log::kafka
