#include "simulate/turn_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace sdp::simulate {
namespace {

/// Against a set, with turns at once, soon, minutes and days later.
TEST(TurnQueue, GivesTurnsInOrder) {
  constexpr std::int64_t kDelays[] = {1, 100, 5'000, 200'000, 2'000'000, 90'000'000};
  TurnQueue queue;
  std::set<Turn> expected;
  Rng rng(3);
  std::int64_t now = 1'771'200'000'000;
  std::uint32_t slots = 0;
  for (int step = 0; step < 100'000; ++step) {
    const Turn turn{now + static_cast<std::int64_t>(rng.below(kDelays[rng.below(std::size(kDelays))])),
                    slots++};
    ASSERT_EQ(queue.empty(), expected.empty());
    if (expected.empty() || (expected.size() < 500 && rng.below(2) == 0)) {
      queue.add(turn);
      expected.insert(turn);
      continue;
    }
    ASSERT_EQ(queue.first(), *expected.begin());
    now = queue.first().due;
    expected.erase(expected.begin());
    if (rng.below(3) == 0) {
      queue.remove_first();
    } else {
      const Turn later{now + turn.due % 300'000, turn.slot};
      queue.replace_first(later);
      expected.insert(later);
    }
  }
}

}  // namespace
}  // namespace sdp::simulate
