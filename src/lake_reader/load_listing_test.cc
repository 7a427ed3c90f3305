#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::lake_reader {
namespace {

using std::chrono::hours;

const lake::Hour kFirst = lake::parse_hour("2026-02-15T22").value_or(lake::Hour());
const log::TopicId kTopic = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000");
constexpr log::Offset kRecords = 10;  ///< in each object

/// A lake in which `partitions` of `all` have an object in each of `count` hours, and have closed all of
/// them.
class ClosedLake {
 public:
  ClosedLake(log::Partition partitions, int count, log::Partition all = 0) : all_(std::max(all, partitions)) {
    for (log::Partition partition = 0; partition < partitions; ++partition) {
      const lake::ChainBegin begin{{kTopic, partition}, kFirst};
      put(places_.begin_key(begin.chain), to_json(begin));
      for (int hour = 0; hour < count; ++hour) add_hour(partition, hour);
    }
  }

  /// As a load leaves it that ended behind `hours` hours in each partition.
  Result<LoadPlan> plan(int loaded_hours, const HoursWanted& wanted, store::FaultyStore& store) const {
    std::set<std::string> loaded;
    LoadBounds ends;
    for (const auto& [at, key] : keys_) {
      const auto& [partition, hour] = at;
      if (hour >= loaded_hours) continue;
      loaded.insert(key);
      ends[{lake::short_id(kTopic), partition}] = (hour + 1) * kRecords;
    }
    return LakeReader(store, places_).load_plan(loaded, ends, wanted);
  }
  store::MemoryStore& store() { return store_; }
  lake::Hour hour(int number) const { return kFirst + hours(number); }

 private:
  void put(const std::string& key, const std::string& text) {
    EXPECT_EQ(*store_.put_new(key, text, {}, "application/json"), store::PutOutcome::created);
  }
  void add_hour(log::Partition partition, int number) {
    // Each third clock is wrong by a day: markers decide, not folders.
    const UtcMillis time = hour(number) - hours(number % 3 == 2 ? 24 : 0);
    lake::HourMarker marker{.topic = "spotify-events",
                            .chain = {kTopic, partition},
                            .partitions = all_,
                            .hour = hour(number),
                            .range = {number * kRecords, (number + 1) * kRecords},
                            .objects = 1,
                            .records = kRecords,
                            .rejected = 0,
                            .sha256 = std::string(64, '0')};
    const std::string key = lake::format_key(
        {time, lake::short_id(kTopic), partition, marker.range.first, lake::Compression::none});
    put(key, "x\n");
    marker.list = {{key, marker.range}};
    put(places_.marker_key(marker.chain, marker.hour), to_json(marker));
    keys_[{partition, number}] = key;
  }

  const log::Partition all_;
  store::MemoryStore store_;
  const lake::Places places_;
  std::map<std::pair<log::Partition, int>, std::string> keys_;
};

/// Counts calls, and those that list all objects.
struct Counted {
  explicit Counted(store::ObjectStore& inner)
      : store(inner, {},
              {.before =
                   [this](const store::StoreCall& call) {
                     listings += call.op == store::StoreOp::list && call.key == lake::kBronzePrefix ? 1 : 0;
                   },
               .after = {}}) {}

  int listings = 0;
  store::FaultyStore store;
};

RC_GTEST_PROP(LoadListing, MarkersNameWhatAListingFinds, ()) {
  const auto partitions = *rc::gen::inRange(1, 4);
  const auto count = *rc::gen::inRange(1, 60);
  const auto loaded = *rc::gen::inRange(0, count + 1);
  const auto wanted = *rc::gen::inRange(0, count);
  ClosedLake lake(partitions, count);
  Counted counted(lake.store());
  const auto plan = lake.plan(loaded, {.complete = true, .to = lake.hour(wanted)}, counted.store);
  RC_ASSERT(plan.has_value());
  std::vector<log::Offset> expected;
  for (int hour = loaded; hour <= wanted; ++hour) expected.push_back(hour * kRecords);
  RC_ASSERT(plan->chains.size() == (expected.empty() ? 0U : static_cast<std::size_t>(partitions)));
  for (const PlannedChain& chain : plan->chains) {
    std::vector<log::Offset> found;
    for (const PlannedObject& object : chain.objects) found.push_back(object.place.first);
    RC_ASSERT(found == expected);
  }
  RC_ASSERT(counted.listings == (expected.size() > 24 ? 1 : 0));
}

TEST(LoadListing, AnHourCostsTheSameInAnOldLakeAsInANewOne) {
  const auto calls = [](int count) {
    ClosedLake lake(2, count);
    Counted counted(lake.store());
    EXPECT_EQ(lake.plan(count - 1, {.complete = true}, counted.store)->chains.size(), 2U);
    EXPECT_EQ(counted.listings, 0);
    return counted.store.calls();
  };
  // In both the last hour is the tenth of its day.
  EXPECT_EQ(calls(36 + 24), calls(36 + 24 * 300));
}

TEST(LoadListing, APartitionThatNeverClosedAnHourCostsALogarithm) {
  ClosedLake lake(1, 5'000, 2);
  const lake::ChainBegin begin{{kTopic, 1}, kFirst + hours(2)};
  ASSERT_TRUE(
      lake.store().put_new(lake::Places().begin_key(begin.chain), to_json(begin), {}, "application/json"));
  Counted counted(lake.store());
  const auto complete = LakeReader(counted.store, lake::Places()).complete_through();
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_EQ(complete->at(lake::short_id(kTopic)).hour, kFirst + hours(1));
  EXPECT_LT(counted.store.calls(), 80U);
}

}  // namespace
}  // namespace sdp::lake_reader
