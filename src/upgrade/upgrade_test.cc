#include "upgrade/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "lake/chain.h"
#include "lake/hour_marker.h"
#include "lake/places.h"
#include "lake_reader/find_places.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "support/lake_builder.h"

namespace sdp::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr lake::Places kOld(1);
constexpr lake::Places kNew(2);

std::map<std::string, std::string> contents(store::ObjectStore& store, std::string_view prefix) {
  std::map<std::string, std::string> found;
  (void)store.list(prefix, [&](const store::ListedObject& object) {
    found[object.key] = store.get(object.key)->body;
    return true;
  });
  return found;
}

/// A lake of layout 1: two chains of three objects each, as a sink of that time put them.
class OldLake {
 public:
  OldLake() {
    put(std::string(kOld.layout_key()),
        to_json(lake::LakeLayout{.version = 1, .compression = lake::Compression::none, .topic = "plays"}));
    put(std::string(kOld.probe_key()), "probe");
    for (const log::Partition partition : {0, 1}) {
      const lake::ChainId chain{builder_.id(), partition};
      for (const log::Offset first : {0, 10, 30}) {
        support::BuiltObject object = builder_.build(partition, first, first + 10);
        object.meta.last_line_sha256.clear();
        object.meta.rejected_range.reset();
        object.meta.leader_epoch.reset();
        EXPECT_TRUE(support::put(store, object));
      }
      const lake::Hour hour = *lake::parse_hour("2026-02-15T17");
      put(kOld.gap_key(chain, 20), to_json(lake::Gap{"plays", chain, {20, 30}}));
      put(kOld.begin_key(chain), to_json(lake::ChainBegin{chain, hour}));
      put(kOld.marker_key(chain, hour), to_json(lake::HourMarker{.topic = "plays",
                                                                 .chain = chain,
                                                                 .partitions = 2,
                                                                 .hour = hour,
                                                                 .range = {0, 20},
                                                                 .objects = 2,
                                                                 .records = 20,
                                                                 .rejected = 2,
                                                                 .sha256 = "x"}));
      ends[chain] = 40;
    }
    before = contents(store, "");
    for (const auto& [key, body] : before) {
      if (const auto moved = lake::key_in_layout_2(key)) moved_to[*moved] = body;
    }
  }

  void put(const std::string& key, const std::string& body) {
    EXPECT_EQ(*store.put_new(key, body, {}, "application/json"), store::PutOutcome::created);
  }

  bool is_whole_layout_1() {
    for (const auto& [key, body] : before) {
      const auto object = store.get(key);
      if (!object || object->body != body) return false;
    }
    return lake_reader::find_places(store)->version() == 1;
  }

  bool is_whole_layout_2() {
    for (const auto& [key, body] : moved_to) {
      const auto object = store.get(key);
      if (!object || object->body != body) return false;
    }
    const auto found = lake_reader::find_layout(store);
    const auto layout = lake_reader::read_layout(store, *found);
    return found->places.version() == 2 && layout && *layout && (*layout)->topic == "plays";
  }

  /// Layout 2, with nothing left of layout 1.
  void expect_upgraded() {
    EXPECT_TRUE(is_whole_layout_2());
    EXPECT_TRUE(*store.head(kNew.layout_key()));
    EXPECT_TRUE(contents(store, "bronze/_").empty());
    EXPECT_EQ(contents(store, "bronze/").size(), 6);
    const auto record = lake::upgrade_record_from_json(store.get(lake::kUpgradeKey)->body);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->ends, ends);
    EXPECT_EQ(record->layout, (lake::LakeLayout{.version = 2, .topic = "plays"}));
  }

  store::MemoryStore store;
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> moved_to;
  std::map<lake::ChainId, log::Offset> ends;

 private:
  support::LakeBuilder builder_;
};

TEST(Upgrade, MovesWhatIsNoObjectAndLeavesObjectsWhereTheyAre) {
  OldLake lake;
  const auto done = upgrade(lake.store, {}, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->layout_before, 1);
  EXPECT_EQ(done->files, 6);
  EXPECT_EQ(done->copied, 6);
  EXPECT_EQ(done->removed, 6);
  EXPECT_EQ(done->objects, 6);
  EXPECT_EQ(done->chains, 2);
  lake.expect_upgraded();
}

TEST(Upgrade, ADryRunWritesNothing) {
  OldLake lake;
  const auto done = upgrade(lake.store, {.dry_run = true}, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->files, 6);
  EXPECT_EQ(done->copied, 0);
  EXPECT_EQ(contents(lake.store, ""), lake.before);
}

TEST(Upgrade, ASecondOneHasNothingToDo) {
  OldLake lake;
  ASSERT_TRUE(upgrade(lake.store, {}, {}));
  const auto after = contents(lake.store, "");
  const auto again = upgrade(lake.store, {}, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->layout_before, 2);
  EXPECT_EQ(again->removed, 0);
  EXPECT_EQ(contents(lake.store, ""), after);
}

/// Strikes at the n-th write.
struct Strike {
  int at;
  store::Fault fault;
  std::shared_ptr<int> writes = std::make_shared<int>(0);

  store::Fault operator()(const store::StoreCall& call) const {
    const bool is_write = call.op == store::StoreOp::put_new || call.op == store::StoreOp::remove;
    return is_write && (*writes)++ == at ? fault : store::Fault::none;
  }
};

TEST(Upgrade, AStopAtAnyWriteLeavesAWholeLakeAndTheNextRunFinishes) {
  int stopped = 0;
  int switched = 0;
  for (const store::Fault fault : {store::Fault::error_before, store::Fault::error_after}) {
    for (int at = 0;; ++at) {
      OldLake lake;
      store::FaultyStore faulty(lake.store, Strike{at, fault});
      const auto first = upgrade(faulty, {.threads = 1}, {});
      if (first) break;
      ++stopped;
      const bool old = lake.is_whole_layout_1();
      switched += !old;
      EXPECT_TRUE(old || lake.is_whole_layout_2()) << "write " << at;
      const auto again = upgrade(lake.store, {}, {});
      ASSERT_TRUE(again) << "write " << at << ": " << again.error().message;
      lake.expect_upgraded();
    }
  }
  // Six copies, the record twice, the layout twice, six originals and the probe, each in two ways.
  EXPECT_EQ(stopped, 2 * 17);
  EXPECT_GT(switched, 10);
  EXPECT_LT(switched, stopped - 10);
}

TEST(Upgrade, TheLayoutThatItHadNoTimeToWriteIsToldByItsRecord) {
  OldLake lake;
  int left = -1;
  for (int at = 0; left != 2; ++at) {
    OldLake fresh;
    store::FaultyStore faulty(fresh.store, Strike{at, store::Fault::error_before});
    ASSERT_FALSE(upgrade(faulty, {.threads = 1}, {}));
    if (*fresh.store.head(kOld.layout_key())) continue;
    left = lake_reader::find_places(fresh.store)->version();
    EXPECT_EQ(lake_reader::find_layout(fresh.store)->file, lake::kUpgradeKey);
    EXPECT_TRUE(fresh.is_whole_layout_2());
  }
}

TEST(Upgrade, WhatASinkWroteAfterAStoppedUpgradeIsInTheNextOne) {
  OldLake lake;
  store::FaultyStore faulty(lake.store, [](const store::StoreCall& call) {
    return call.key == kOld.layout_key() && call.op == store::StoreOp::remove ? store::Fault::error_before
                                                                              : store::Fault::none;
  });
  ASSERT_FALSE(upgrade(faulty, {}, {}));
  ASSERT_TRUE(*lake.store.head(lake::kUpgradeKey));
  support::BuiltObject object = support::LakeBuilder().build(1, 40, 55);
  object.meta.last_line_sha256.clear();
  ASSERT_TRUE(support::put(lake.store, object));
  ASSERT_TRUE(upgrade(lake.store, {}, {}));
  const auto record = lake::upgrade_record_from_json(lake.store.get(lake::kUpgradeKey)->body);
  EXPECT_EQ(record->ends.rbegin()->second, 55);
}

TEST(Upgrade, ASinkThatWritesMeanwhileIsNoticedBeforeTheSwitch) {
  OldLake lake;
  int asked = 0;
  UpgradeOptions options;
  options.check_sinks_stopped = [&]() -> Result<void> {
    // The sink was asked for, and then it wrote.
    if (++asked < 2) return {};
    EXPECT_TRUE(support::put(lake.store, support::LakeBuilder().build(1, 40, 55)));
    return {};
  };
  const auto done = upgrade(lake.store, options, {});
  EXPECT_EQ(asked, 2);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::retry);
  EXPECT_TRUE(lake.is_whole_layout_1());
}

TEST(Upgrade, ARunningSinkIsRefusedBeforeAnythingIsWritten) {
  OldLake lake;
  UpgradeOptions options;
  options.check_sinks_stopped = []() -> Result<void> { return fail(ErrorKind::retry, "a member"); };
  EXPECT_EQ(upgrade(lake.store, options, {}).error().message, "a member");
  EXPECT_EQ(contents(lake.store, ""), lake.before);
}

TEST(Upgrade, ADamagedFileIsNamedBeforeAnythingIsWritten) {
  for (const std::string_view key :
       {"bronze/_closed/begin/t00000000_p0.json", "bronze/_closed/date=2026-02-15/hour=18/t00000000_p0.json",
        "bronze/_gaps/t00000000_p0_o00000000000000000003.json"}) {
    OldLake lake;
    lake.put(std::string(key), "{}");
    const auto before = contents(lake.store, "");
    const auto done = upgrade(lake.store, {}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(done.error().message, HasSubstr(key));
    EXPECT_EQ(contents(lake.store, ""), before);
  }
}

TEST(Upgrade, ACopyOfSomethingElseIsRefused) {
  OldLake lake;
  const std::string key = lake.moved_to.begin()->first;
  lake.put(key, "another text");
  const auto done = upgrade(lake.store, {}, {});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr(key));
  EXPECT_TRUE(lake.is_whole_layout_1());
  OldLake other;
  other.put("_pipeline/hours/begin/t99999999_p0.json", "of no chain");
  EXPECT_EQ(upgrade(other.store, {}, {}).error().kind, ErrorKind::bad_input);
  EXPECT_TRUE(other.is_whole_layout_1());
}

TEST(Upgrade, WhatAnOldSinkWroteBehindTheSwitchIsNamedAndStays) {
  OldLake lake;
  ASSERT_TRUE(upgrade(lake.store, {}, {}));
  const std::string key = kOld.begin_key({support::LakeBuilder().id(), 5});
  lake.put(key,
           to_json(lake::ChainBegin{{support::LakeBuilder().id(), 5}, *lake::parse_hour("2026-02-15T17")}));
  const auto again = upgrade(lake.store, {}, {});
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr(key));
  EXPECT_TRUE(*lake.store.head(key));
}

TEST(Upgrade, NamesOfNobodyStayAndAreTold) {
  OldLake lake;
  lake.put("bronze/_notes.txt", "mine");
  const auto done = upgrade(lake.store, {}, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->foreign, ElementsAre("bronze/_notes.txt"));
  EXPECT_EQ(lake.store.get("bronze/_notes.txt")->body, "mine");
}

TEST(Upgrade, WhatIsNoLakeOfLayout1IsSaid) {
  store::MemoryStore nothing;
  EXPECT_EQ(upgrade(nothing, {}, {}).error().kind, ErrorKind::misconfigured);
  OldLake without_file;
  ASSERT_TRUE(without_file.store.remove(kOld.layout_key()));
  EXPECT_THAT(upgrade(without_file.store, {}, {}).error().message, HasSubstr(kOld.layout_key()));
  OldLake both;
  both.put(std::string(kNew.layout_key()), "{}");
  EXPECT_EQ(upgrade(both.store, {}, {}).error().kind, ErrorKind::misconfigured);
}

TEST(Upgrade, AStopIsHeardBetweenFiles) {
  OldLake lake;
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(upgrade(lake.store, {}, source.get_token()).error().kind, ErrorKind::interrupted);
  EXPECT_TRUE(lake.is_whole_layout_1());
}

}  // namespace
}  // namespace sdp::upgrade
