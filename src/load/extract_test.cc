#include "load/extract.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "support/lake_builder.h"

namespace sdp::load {
namespace {

using support::BuiltObject;
using support::LakeBuilder;

class ExtractTest : public testing::Test {
 protected:
  BuiltObject put(log::Partition partition, log::Offset first, log::Offset end) {
    auto object = builder_.build(partition, first, end, lake::Compression::gzip);
    EXPECT_TRUE(support::put(lake_, object));
    return object;
  }
  Result<ExtractSummary> extract_without(const std::set<std::string>& loaded, std::stop_token stop = {}) {
    return extract(lake_, *lake_reader::LakeReader(lake_, lake::Places()).load_plan(loaded, {}, {}), {},
                   copy_, stop);
  }
  bool is_copied(const std::string& key) { return copy_.head(key)->has_value(); }

  LakeBuilder builder_;
  store::MemoryStore lake_;
  store::MemoryStore copy_{store::MemoryStore::Bucket::missing};
};

TEST_F(ExtractTest, CopiesWhatTheLedgerHasNotWithItsMetadata) {
  const auto loaded = put(0, 0, 10);
  const auto fresh = put(0, 10, 25);
  const auto summary = extract_without({loaded.key});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->objects, 1u);
  EXPECT_EQ(summary->loaded_already, 1u);
  EXPECT_EQ(summary->bytes, fresh.body.size());
  EXPECT_FALSE(is_copied(loaded.key));
  const auto copied = copy_.get(fresh.key);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->body, fresh.body);
  EXPECT_EQ(copied->metadata, lake_.get(fresh.key)->metadata);
}

TEST_F(ExtractTest, AgainFetchesNothingAndSaysTheSame) {
  put(0, 0, 10);
  put(1, 0, 7);
  const auto first = extract_without({});
  const auto second = extract_without({});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->copied_before, 0u);
  EXPECT_EQ(second->copied_before, 2u);
  EXPECT_EQ(second->sha256, first->sha256);
  EXPECT_EQ(second->objects, first->objects);
}

TEST_F(ExtractTest, ADamagedObjectIsNamedAndEndsItsOwnChainOnly) {
  const auto before = put(0, 0, 5);
  auto damaged = builder_.build(0, 5, 10);
  const auto sha256 = damaged.meta.sha256;
  set_body(damaged, "{}\n");
  damaged.meta.sha256 = sha256;
  ASSERT_TRUE(support::put(lake_, damaged));
  const auto after = put(0, 10, 20);
  const auto elsewhere = put(1, 0, 10);
  const auto summary = extract_without({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->objects, 2u);
  ASSERT_EQ(summary->problems.size(), 1u);
  EXPECT_EQ(summary->problems[0].kind, ErrorKind::bad_input);
  EXPECT_NE(summary->problems[0].message.find(damaged.key), std::string::npos);
  EXPECT_TRUE(is_copied(before.key));
  EXPECT_FALSE(is_copied(damaged.key));
  EXPECT_FALSE(is_copied(after.key));
  EXPECT_TRUE(is_copied(elsewhere.key));
}

TEST_F(ExtractTest, AnObjectThatLostItsMetadataStopsNoOtherChain) {
  const auto object = builder_.build(0, 0, 10);
  ASSERT_TRUE(lake_.put_new(object.key, object.body, {}, "application/x-ndjson"));
  const auto elsewhere = put(1, 0, 10);
  const auto summary = extract_without({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->problems.size(), 1u);
  EXPECT_TRUE(is_copied(elsewhere.key));
}

TEST_F(ExtractTest, TheTopicsOfTheLedgerGoAlong) {
  put(0, 0, 10);
  ASSERT_TRUE(extract(lake_, *lake_reader::LakeReader(lake_, lake::Places()).load_plan({}, {}, {}),
                      {"0a0b0c0d"}, copy_, {}));
  EXPECT_EQ(*lake_reader::LakeReader(copy_, lake::Places()).staged_for(), std::set<std::string>{"0a0b0c0d"});
  EXPECT_TRUE(lake_reader::LakeReader(lake_, lake::Places()).staged_for()->empty());
}

TEST_F(ExtractTest, NotesOfGapsGoAlong) {
  const std::string key = std::string(lake::Places().gaps_prefix()) + "t1a2b3c4d_p0_o0.json";
  ASSERT_TRUE(lake_.put_new(key, "{}", {}, "application/json"));
  ASSERT_TRUE(extract_without({}));
  EXPECT_TRUE(is_copied(key));
}

TEST_F(ExtractTest, StopsBetweenObjects) {
  put(0, 0, 10);
  std::stop_source stop;
  stop.request_stop();
  const auto summary = extract_without({}, stop.get_token());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace sdp::load
