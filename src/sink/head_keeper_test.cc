#include "sink/head_keeper.h"

#include <gtest/gtest.h>

#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::sink {
namespace {

class HeadKeeperTest : public testing::Test {
 protected:
  Result<void> commit(log::Offset end, UtcMillis time = UtcMillis(std::chrono::hours(1))) {
    lake::ObjectMeta meta;
    meta.chain = chain_;
    meta.range = {end - 1, end};
    meta.first_timestamp = time;
    return keeper_.committed(meta, "bronze/" + std::to_string(end));
  }
  log::Offset hinted() {
    const auto stored = store_.get(lake::Places().head_key(chain_));
    return stored ? lake::chain_head_from_json(stored->body)->end : -1;
  }

  const lake::ChainId chain_{*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), 3};
  store::MemoryStore store_;
  HeadKeeper keeper_{store_, lake::Places(), "t"};
};

TEST_F(HeadKeeperTest, WritesEvery64Objects) {
  for (int i = 1; i < HeadKeeper::kObjectsPerHead; ++i) ASSERT_TRUE(commit(i));
  EXPECT_EQ(hinted(), -1);
  ASSERT_TRUE(commit(HeadKeeper::kObjectsPerHead));
  EXPECT_EQ(hinted(), HeadKeeper::kObjectsPerHead);
  ASSERT_TRUE(commit(HeadKeeper::kObjectsPerHead + 1));
  EXPECT_EQ(hinted(), HeadKeeper::kObjectsPerHead);
}

TEST_F(HeadKeeperTest, WritesWithAnHoursFirstObjectAndAtTheEnd) {
  ASSERT_TRUE(commit(1));
  ASSERT_TRUE(commit(2, UtcMillis(std::chrono::hours(2))));
  EXPECT_EQ(hinted(), 2);
  ASSERT_TRUE(commit(3, UtcMillis(std::chrono::hours(2))));
  keeper_.flush();
  EXPECT_EQ(hinted(), 3);
}

TEST_F(HeadKeeperTest, AHintThatCannotBeWrittenIsNoError) {
  store::FaultyStore faulty(store_,
                            store::scripted_faults(store::StoreOp::put_hint, {store::Fault::error_before}));
  HeadKeeper keeper(faulty, lake::Places(), "t");
  keeper.found({{chain_, 5, "bronze/5"}});
  EXPECT_EQ(faulty.faults(store::StoreOp::put_hint), 1U);
  EXPECT_EQ(hinted(), -1);
}

TEST_F(HeadKeeperTest, HintsOfManyChainsAreAllWritten) {
  constexpr log::Partition kPartitions = 50;
  std::vector<lake::ChainHead> heads;
  for (log::Partition partition = 0; partition < kPartitions; ++partition)
    heads.push_back({{chain_.topic_id, partition}, partition + 1, "bronze/" + std::to_string(partition)});
  keeper_.found(heads);
  for (const lake::ChainHead& head : heads) {
    const auto stored = store_.get(lake::Places().head_key(head.chain));
    ASSERT_TRUE(stored) << head.chain.partition;
    EXPECT_EQ(lake::chain_head_from_json(stored->body)->end, head.end);
  }
}

TEST_F(HeadKeeperTest, ASinkOfAnOlderVersionIsNoticed) {
  ASSERT_TRUE(store_.put_new(lake::Places(1).layout_key(), "{}", {}, "application/json"));
  ASSERT_TRUE(commit(1));
  const auto next = commit(2, UtcMillis(std::chrono::hours(2)));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::sink
