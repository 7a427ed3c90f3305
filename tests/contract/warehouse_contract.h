#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "contract/warehouse_places.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// A place with nothing in it, which vanishes with this object.
class WarehousePlace {
 public:
  virtual ~WarehousePlace() = default;
  /// For open_place, here and in the loader process.
  virtual std::vector<std::string> arguments() const = 0;
};

struct WarehouseUnderTest {
  std::string name;
  std::function<std::unique_ptr<WarehousePlace>()> make;
  /// The steps of a load, in order, and the first one at which it is committed.
  std::vector<std::string> steps;
  std::string committed_step;
  /// Two processes can have it open.
  bool is_shared = false;
  /// How many statements a load may cost, whatever it loads.
  std::uint64_t statements_max = 0;
};

inline void PrintTo(const WarehouseUnderTest& warehouse, std::ostream* out) {
  *out << warehouse.name;
}

/// What every Warehouse must do, whatever stands behind it. An adapter runs it by
/// INSTANTIATE_TEST_SUITE_P(DuckDb, WarehouseContract, testing::Values(WarehouseUnderTest{...})).
class WarehouseContract : public ::testing::TestWithParam<WarehouseUnderTest> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    reopen();
    const auto init = warehouse_->init();
    ASSERT_TRUE(init) << init.error().message;
  }

  void reopen() {
    warehouse_.reset();
    warehouse_ = open_place(place_->arguments());
  }
  LoadCounts load(std::span<const FetchedObject> objects) { return load(*warehouse_, objects); }
  static LoadCounts load(Warehouse& warehouse, std::span<const FetchedObject> objects) {
    const auto counts = load_objects(warehouse, objects);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(LoadCounts{});
  }
  /// The rows of a query, cells parted by `|`.
  std::vector<std::string> rows(std::string_view sql) {
    std::vector<std::string> found;
    const auto scanned = warehouse_->scan(sql, [&](RowView row) -> Result<void> {
      std::string text;
      for (std::size_t i = 0; i < row.size(); ++i)
        text += (i == 0 ? "" : "|") + std::string(row[i].value_or("NULL"));
      found.push_back(text);
      return {};
    });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return found;
  }
  std::string one(std::string_view sql) {
    const auto found = rows(sql);
    return found.size() == 1 ? found.front() : "not one row";
  }
  /// Kept rows, rejected rows, ledger rows.
  std::string sizes() {
    return one(
        "SELECT (SELECT COUNT(*) FROM BRONZE.SPOTIFY_EVENTS), (SELECT COUNT(*) FROM BRONZE.REJECTED_EVENTS), "
        "(SELECT COUNT(*) FROM BRONZE.LOAD_LEDGER)");
  }

  std::unique_ptr<WarehousePlace> place_;
  std::unique_ptr<Warehouse> warehouse_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WarehouseContract);

}  // namespace sdp::warehouse
