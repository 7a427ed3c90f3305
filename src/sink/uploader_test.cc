#include "sink/uploader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/uuid.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/patience.h"

namespace sdp::sink {
namespace {

using std::chrono::milliseconds;

Batch batch_of(log::Partition partition) {
  Batch batch;
  batch.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), partition};
  batch.range = {0, 1};
  batch.records = 1;
  batch.first_timestamp = UtcMillis(milliseconds(1'771'173'156'000));
  batch.last_timestamp = batch.first_timestamp;
  batch.lines = "{}\n";
  return batch;
}

/// The most puts that were under way at once while eight batches were uploaded.
int puts_at_once(int threads) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  const auto before = [&](const store::StoreCall& call) {
    if (call.op != store::StoreOp::put_new) return;
    const int count = ++now;
    for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) continue;
    std::this_thread::sleep_for(milliseconds(30));
    --now;
  };
  store::MemoryStore memory;
  store::FaultyStore store(memory, store::scripted_faults(store::StoreOp::put_new, {}), {before, {}});
  Uploader uploader(store, base::system_clock(),
                    {"t", lake::Places(), lake::Compression::none, "test", threads});
  for (log::Partition partition = 0; partition < 8; ++partition) uploader.start(batch_of(partition));
  for (int i = 0; i < 8; ++i) {
    const auto result = uploader.next_result(support::kPatience);
    EXPECT_TRUE(result && result->outcome);
  }
  return most;
}

TEST(UploaderTest, UploadsAsManyAtOnceAsItHasThreads) {
  EXPECT_EQ(puts_at_once(1), 1);
  EXPECT_GT(puts_at_once(4), 1);
  EXPECT_LE(puts_at_once(4), 4);
}

TEST(UploaderTest, KnowsSinceWhenTheOldestOneIsUnderWay) {
  std::atomic<bool> hangs = true;
  const auto before = [&](const store::StoreCall& call) {
    while (call.op == store::StoreOp::put_new && hangs) std::this_thread::sleep_for(milliseconds(5));
  };
  store::MemoryStore memory;
  store::FaultyStore store(memory, store::scripted_faults(store::StoreOp::put_new, {}), {before, {}});
  Uploader uploader(store, base::system_clock(), {"t", lake::Places(), lake::Compression::none, "test", 2});
  EXPECT_FALSE(uploader.oldest());
  const SteadyTime begun = base::system_clock().steady_now();
  uploader.start(batch_of(0));
  const auto oldest = uploader.oldest();
  ASSERT_TRUE(oldest && *oldest >= begun);
  uploader.start(batch_of(1));
  EXPECT_EQ(uploader.oldest(), oldest);
  EXPECT_EQ(uploader.in_flight(), 2U);
  hangs = false;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(uploader.next_result(support::kPatience));
  EXPECT_FALSE(uploader.oldest());
  EXPECT_EQ(uploader.in_flight(), 0U);
}

}  // namespace
}  // namespace sdp::sink
