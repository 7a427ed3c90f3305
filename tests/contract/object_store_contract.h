#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "store/object_store.h"

namespace sdp::store {

/// How an adapter is opened on a place of its own. One object a test; the place vanishes with it.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  /// A further client of the same bucket.
  virtual std::unique_ptr<ObjectStore> open() = 0;
};

struct StoreUnderTest {
  std::string name;
  /// A place whose bucket does not exist yet.
  std::function<std::unique_ptr<StorePlace>()> make;
};

inline void PrintTo(const StoreUnderTest& store, std::ostream* out) {
  *out << store.name;
}

/// What every ObjectStore must do, whatever stands behind it. An adapter runs it by
/// INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreContract, testing::Values(StoreUnderTest{...})).
class ObjectStoreContract : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    store_ = place_->open();
    created_ = store_->ensure_bucket();
    ASSERT_TRUE(created_) << created_.error().message;
  }

  PutOutcome put(std::string_view key, std::string_view body = "x", const Metadata& metadata = {}) {
    const auto outcome = store_->put_new(key, body, metadata, "application/octet-stream");
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(PutOutcome::exists);
  }
  std::vector<std::string> keys(std::string_view prefix) {
    std::vector<std::string> found;
    const auto listed = store_->list(prefix, [&](const ListedObject& object) {
      found.push_back(object.key);
      return true;
    });
    EXPECT_TRUE(listed) << listed.error().message;
    return found;
  }
  std::vector<std::string> folders(std::string_view prefix) {
    const auto found = store_->list_folders(prefix);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::vector<std::string>{});
  }

  std::unique_ptr<StorePlace> place_;
  std::unique_ptr<ObjectStore> store_;
  Result<bool> created_ = false;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreContract);

}  // namespace sdp::store
