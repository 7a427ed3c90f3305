#include <tuple>

#include "contract/object_store_contract.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"
#include "store/prefixed_store.h"

namespace sdp::store {
namespace {

class MemoryPlace final : public StorePlace {
 public:
  // Without a plan, a FaultyStore hands every call on: clients share the one store.
  std::unique_ptr<ObjectStore> open() override { return std::make_unique<FaultyStore>(store_, FaultPlan{}); }

 private:
  MemoryStore store_{MemoryStore::Bucket::missing};
};

/// A part of a store in which there is something before it and behind it.
class PrefixedPlace final : public StorePlace {
 public:
  std::unique_ptr<ObjectStore> open() override {
    auto whole = std::make_unique<FaultyStore>(store_, FaultPlan{});
    return *PrefixedStore::open(std::move(whole), "team/lake");
  }
  ~PrefixedPlace() override {
    // Whatever was put, it was put below the prefix.
    std::ignore = store_.list("", [](const ListedObject& object) {
      EXPECT_TRUE(object.key.starts_with("team/lake/")) << object.key;
      return true;
    });
  }

 private:
  MemoryStore store_{MemoryStore::Bucket::missing};
};

INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreContract,
                         ::testing::Values(StoreUnderTest{"memory",
                                                          [] { return std::make_unique<MemoryPlace>(); }},
                                           StoreUnderTest{"a part of another store",
                                                          [] { return std::make_unique<PrefixedPlace>(); }}));

TEST(PrefixedStore, ShowsNothingOfItsNeighbours) {
  MemoryStore whole(MemoryStore::Bucket::missing);
  ASSERT_TRUE(whole.ensure_bucket());
  for (const char* key : {"a", "team/lake", "team/lake2/x", "team/lak/x", "z"})
    ASSERT_TRUE(whole.put_new(key, "x", {}, "text/plain"));
  auto store = *PrefixedStore::open(std::make_unique<FaultyStore>(whole, FaultPlan{}), "team/lake");
  ASSERT_TRUE(store->put_new("b/c", "y", {}, "text/plain"));
  EXPECT_EQ(whole.get("team/lake/b/c")->body, "y");
  std::vector<std::string> keys;
  ASSERT_TRUE(store->list("", [&](const ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  EXPECT_EQ(keys, std::vector<std::string>{"b/c"});
  EXPECT_EQ(*store->list_folders(""), std::vector<std::string>{"b/"});
  EXPECT_FALSE(store->head("x")->has_value());
  EXPECT_EQ(store->head("b/c")->value().key, "b/c");
}

TEST(PrefixedStore, APrefixIsAKey) {
  for (const std::string& prefix : {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"),
                                    std::string("a/../b"), std::string(600, 'a')}) {
    MemoryStore whole(MemoryStore::Bucket::present);
    const auto store = PrefixedStore::open(std::make_unique<FaultyStore>(whole, FaultPlan{}), prefix);
    ASSERT_FALSE(store) << prefix;
    EXPECT_EQ(store.error().kind, ErrorKind::misconfigured);
  }
}

}  // namespace
}  // namespace sdp::store
