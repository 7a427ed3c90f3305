#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace sdp::base {
namespace {

TEST(BoundedQueue, PushBlocksUntilThereIsRoom) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(1));
  std::jthread producer([&] { queue.push(2); });
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
}

TEST(BoundedQueue, CloseDrainsThenEnds) {
  BoundedQueue<int> queue(4);
  queue.push(1);
  queue.close();
  EXPECT_FALSE(queue.push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesAWaitingPusher) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  std::jthread closer([&] { queue.close(); });
  while (queue.push(2)) queue.try_pop();
  SUCCEED();
}

}  // namespace
}  // namespace sdp::base
