#include "contract/object_store_contract.h"
#include "store/directory/directory_store.h"
#include "support/temporary_folder.h"

namespace sdp::store {
namespace {

class DirectoryPlace final : public StorePlace {
 public:
  explicit DirectoryPlace(bool sync) : sync_(sync) {}
  std::unique_ptr<ObjectStore> open() override {
    return *DirectoryStore::open(folder_.path() / "lake", DirectoryOptions{.sync = sync_});
  }

 private:
  bool sync_;
  support::TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(
    Directory, ObjectStoreContract,
    ::testing::Values(StoreUnderTest{"directory", [] { return std::make_unique<DirectoryPlace>(true); }},
                      StoreUnderTest{"directory without sync",
                                     [] { return std::make_unique<DirectoryPlace>(false); }}));

}  // namespace
}  // namespace sdp::store
