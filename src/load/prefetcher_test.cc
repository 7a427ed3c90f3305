#include "load/prefetcher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/lake_builder.h"

namespace sdp::load {
namespace {

using support::BuiltObject;
using support::LakeBuilder;

constexpr std::size_t kObjects = 40;

class PrefetcherTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<store::ListedObject> listing;
    for (std::size_t i = 0; i < kObjects; ++i) {
      const auto first = static_cast<log::Offset>(i) * 10;
      const BuiltObject object = LakeBuilder().build(0, first, first + 10);
      ASSERT_TRUE(put(memory_, object));
      listing.push_back({object.key, object.body.size()});
    }
    object_bytes_ = listing.back().bytes;
    objects_ = lake_reader::plan_load(listing, {}).chains.at(0).objects;
  }
  std::size_t asked() {
    const std::lock_guard lock(mutex_);
    return asked_.size();
  }
  /// How many objects are asked for, once there are `expected` and time for more has passed.
  std::size_t asked_at_rest(std::size_t expected) {
    for (int i = 0; i < 1'000 && asked() < expected; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return asked();
  }

  store::MemoryStore memory_;
  std::mutex mutex_;
  std::multiset<std::string> asked_;  // guarded by mutex_
  store::FaultyStore store_{memory_,
                            [](const store::StoreCall&) { return store::Fault::none; },
                            {.before =
                                 [this](const store::StoreCall& call) {
                                   const std::lock_guard lock(mutex_);
                                   asked_.emplace(call.key);
                                 },
                             .after = {}}};
  std::vector<PlannedObject> objects_;
  std::uint64_t object_bytes_ = 0;
};

TEST_F(PrefetcherTest, HandsOverEveryObjectOnceAndInOrder) {
  Prefetcher prefetcher(store_, objects_, {.threads = 4});
  for (std::size_t i = 0; i < kObjects; ++i) {
    const auto object = prefetcher.get(i);
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(object->key, objects_[i].object_key);
  }
  EXPECT_EQ(asked(), kObjects);
}

TEST_F(PrefetcherTest, IsAheadByItsNumberOfObjectsAndNoMore) {
  Prefetcher prefetcher(store_, objects_, {.threads = 2, .objects = 5});
  EXPECT_EQ(asked_at_rest(5), 5u);
  ASSERT_TRUE(prefetcher.get(0));
  EXPECT_EQ(asked_at_rest(6), 6u);
}

TEST_F(PrefetcherTest, IsAheadByItsNumberOfBytesAndAnObjectForEachThread) {
  Prefetcher prefetcher(store_, objects_, {.threads = 2, .objects = kObjects, .bytes = 3 * object_bytes_});
  EXPECT_GE(asked_at_rest(3), 3u);
  EXPECT_LE(asked(), 5u);
}

TEST_F(PrefetcherTest, ObjectLargerThanTheLimitIsFetchedAlone) {
  Prefetcher prefetcher(store_, objects_, {.threads = 3, .bytes = 1});
  EXPECT_EQ(asked_at_rest(1), 1u);
  for (std::size_t i = 0; i < kObjects; ++i) EXPECT_TRUE(prefetcher.get(i));
}

TEST_F(PrefetcherTest, ObjectsThatAreLeftOutAreNotFetched) {
  Prefetcher prefetcher(store_, objects_, {.threads = 2, .objects = 4});
  EXPECT_TRUE(prefetcher.get(0));
  EXPECT_EQ(prefetcher.get(30)->key, objects_[30].object_key);
  EXPECT_TRUE(prefetcher.get(39));
  EXPECT_LE(asked(), 1u + 4u + 2u + 10u);
}

TEST_F(PrefetcherTest, EndsWithoutHandingOverAll) {
  Prefetcher prefetcher(store_, objects_, {.threads = 4});
  EXPECT_TRUE(prefetcher.get(0));
}

TEST_F(PrefetcherTest, NothingToFetchIsFine) {
  Prefetcher prefetcher(store_, {}, {});
}

}  // namespace
}  // namespace sdp::load
