#include "contract/object_store_contract.h"
#include "store/memory/faulty_store.h"
#include "store/memory/memory_store.h"

namespace sdp::store {
namespace {

class MemoryPlace final : public StorePlace {
 public:
  // Without a plan, a FaultyStore hands every call on: clients share the one store.
  std::unique_ptr<ObjectStore> open() override { return std::make_unique<FaultyStore>(store_, FaultPlan{}); }

 private:
  MemoryStore store_{MemoryStore::Bucket::missing};
};

INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreContract,
                         ::testing::Values(StoreUnderTest{"memory",
                                                          [] { return std::make_unique<MemoryPlace>(); }}));

}  // namespace
}  // namespace sdp::store
