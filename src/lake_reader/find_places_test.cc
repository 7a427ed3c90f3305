#include "lake_reader/find_places.h"

#include <gtest/gtest.h>

#include "lake/upgrade_record.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

class FindPlacesTest : public testing::Test {
 protected:
  void put(std::string_view key) { ASSERT_TRUE(store_.put_new(key, "{}", {}, "application/json")); }
  int version() {
    const auto places = find_places(store_);
    EXPECT_TRUE(places) << places.error().message;
    return places ? places->version() : 0;
  }

  store::MemoryStore store_;
};

TEST_F(FindPlacesTest, ANewLakeGetsTheNewestLayout) {
  EXPECT_EQ(version(), 2);
  EXPECT_EQ(find_layout(store_)->file, "");
}

TEST_F(FindPlacesTest, TheLayoutsFileTells) {
  put("_pipeline/lake.json");
  EXPECT_EQ(version(), 2);
  EXPECT_EQ(find_layout(store_)->file, lake::Places(2).layout_key());
  store::MemoryStore old;
  ASSERT_TRUE(old.put_new("bronze/_lake.json", "{}", {}, "application/json"));
  EXPECT_EQ(find_places(old)->version(), 1);
}

TEST_F(FindPlacesTest, AnOldLakeThatLostTheFileIsStillOld) {
  put("bronze/_closed/begin/t1a2b3c4d_p3.json");
  EXPECT_EQ(version(), 1);
}

TEST_F(FindPlacesTest, AnUpgradeThatWasStoppedIsToldByItsRecord) {
  const lake::LakeLayout layout{.version = 2, .compression = lake::Compression::gzip, .topic = "plays"};
  ASSERT_TRUE(store_.put_new("_pipeline/upgrade.json", to_json(lake::UpgradeRecord{layout, {}}), {},
                             "application/json"));
  put("bronze/_closed/begin/t1a2b3c4d_p3.json");
  EXPECT_EQ(version(), 2) << "behind the switch";
  EXPECT_EQ(*read_layout(store_, *find_layout(store_)), layout);
  put("bronze/_lake.json");
  EXPECT_EQ(version(), 1) << "before the switch";
}

TEST_F(FindPlacesTest, AWriterOfALakeThatWasUpgradedIsRefused) {
  put("bronze/_lake.json");
  EXPECT_TRUE(check_only_layout(store_, lake::Places(1)));
  ASSERT_TRUE(store_.remove("bronze/_lake.json"));
  EXPECT_EQ(check_only_layout(store_, lake::Places(1)).error().kind, ErrorKind::misconfigured);
}

TEST_F(FindPlacesTest, HintsSayNothingOfTheLayout) {
  put("bronze/_lake.json");
  put("_pipeline/heads/1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d/p3");
  EXPECT_EQ(version(), 1);
}

TEST_F(FindPlacesTest, TwoLayoutsAreRefusedAndNamed) {
  put("_pipeline/lake.json");
  EXPECT_TRUE(check_only_layout(store_, lake::Places(2)));
  put("bronze/_lake.json");
  for (const Error& error :
       {find_places(store_).error(), check_only_layout(store_, lake::Places(2)).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::misconfigured);
    EXPECT_TRUE(error.message.contains("bronze/_lake.json")) << error.message;
  }
}

}  // namespace
}  // namespace sdp::lake_reader
