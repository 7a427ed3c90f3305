#include <stdlib.h>

#include <filesystem>

#include "contract/object_store_contract.h"
#include "store/directory/directory_store.h"

namespace sdp::store {
namespace {

class DirectoryPlace final : public StorePlace {
 public:
  explicit DirectoryPlace(bool sync) : sync_(sync) {
    std::string name = (std::filesystem::temp_directory_path() / "sdp-contract-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~DirectoryPlace() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<ObjectStore> open() override {
    return *DirectoryStore::open(folder_ / "lake", DirectoryOptions{.sync = sync_});
  }

 private:
  bool sync_;
  std::filesystem::path folder_;
};

INSTANTIATE_TEST_SUITE_P(
    Directory, ObjectStoreContract,
    ::testing::Values(StoreUnderTest{"directory", [] { return std::make_unique<DirectoryPlace>(true); }},
                      StoreUnderTest{"directory without sync",
                                     [] { return std::make_unique<DirectoryPlace>(false); }}));

}  // namespace
}  // namespace sdp::store
