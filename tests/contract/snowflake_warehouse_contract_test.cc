// On the emulator; on a real account when SDP_TEST_SNOWFLAKE_ACCOUNT=1 and the SNOWFLAKE_* variables are set.
// There, each test makes a database SDP_TEST_* of its own and drops it; the role must be allowed to.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "contract/warehouse_contract.h"
#include "support/snowflake_emulator.h"
#include "support/temporary_folder.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::warehouse {
namespace {

bool on_account() {
  const char* wanted = std::getenv("SDP_TEST_SNOWFLAKE_ACCOUNT");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

std::string new_database() {
  static int number = 0;
  return "SDP_TEST_" + std::to_string(getpid()) + "_" + std::to_string(++number);
}

/// One emulator for all tests of the process; each has a database of its own.
class EmulatorPlace final : public WarehousePlace {
 public:
  std::vector<std::string> arguments() const override {
    static support::SnowflakeEmulator emulator;
    return {"emulator", std::to_string(emulator.port()), database_};
  }

 private:
  const std::string database_ = new_database();
};

class AccountPlace final : public WarehousePlace {
 public:
  ~AccountPlace() override {
    const auto options = snowflake::session_options(account_options());
    if (!options) return;
    const auto session = adbc::Session::open(*options);
    EXPECT_TRUE(session && (*session)->execute("DROP DATABASE IF EXISTS " + database_)) << database_;
  }
  std::vector<std::string> arguments() const override { return {"account", database_}; }

 private:
  const std::string database_ = new_database();
};

std::unique_ptr<WarehousePlace> make_place() {
  if (on_account()) return std::make_unique<AccountPlace>();
  return std::make_unique<EmulatorPlace>();
}

INSTANTIATE_TEST_SUITE_P(Snowflake, WarehouseContract,
                         testing::Values(WarehouseUnderTest{
                             .name = "Snowflake",
                             .make = make_place,
                             .steps = {"written", "put", "copied", "begun", "locked", "inserted events",
                                       "inserted rejected events", "inserted ledger rows", "committed",
                                       "removed"},
                             .committed_step = "committed",
                             .is_shared = true,
                             .statements_max = 12}),
                         testing::PrintToStringParamName());

/// What only Snowflake has.
class SnowflakeLoad : public testing::Test {
 protected:
  std::unique_ptr<SnowflakeWarehouse> open(snowflake::SnowflakeOptions options) {
    auto warehouse = SnowflakeWarehouse::open(options, base::system_clock());
    if (!warehouse) throw std::runtime_error(warehouse.error().message);
    const auto init = (*warehouse)->init();
    if (!init) throw std::runtime_error(init.error().message);
    return *std::move(warehouse);
  }
  snowflake::SnowflakeOptions options() const { return snowflake_options(place_->arguments()); }
  /// Rows of a statement that is not a query, by a session of its own.
  std::vector<std::string> ask(const std::string& sql) const {
    std::vector<std::string> found;
    const auto session = adbc::Session::open(*snowflake::session_options(options()));
    EXPECT_TRUE(session) << session.error().message;
    const auto scanned = (*session)->scan(
        sql, [](const std::vector<std::string>&) {},
        [&](RowView row) -> Result<void> {
          found.emplace_back(row[0].value_or("NULL"));
          return {};
        });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return found;
  }
  std::vector<std::string> staged_files() const {
    return ask("LIST @" + options().database + ".BRONZE.LOAD_STAGE");
  }

  std::unique_ptr<WarehousePlace> place_ = make_place();
};

TEST_F(SnowflakeLoad, LeavesNoFileOnTheStageOrHere) {
  auto settings = options();
  support::TemporaryFolder folder;
  settings.staging_folder = folder.path();
  const auto warehouse = open(settings);
  ASSERT_TRUE(load_objects(*warehouse, loader_objects()));
  EXPECT_TRUE(staged_files().empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(SnowflakeLoad, FilesOfDeadLoadersAreSweptWhenTheyAreOld) {
  auto settings = options();
  settings.on_step = [](std::string_view step) {
    if (step == "put") throw std::runtime_error("as if killed");
  };
  EXPECT_THROW((void)load_objects(*open(settings), loader_objects()).has_value(), std::runtime_error);
  ASSERT_EQ(staged_files().size(), 1u);

  ASSERT_TRUE(load_objects(*open(options()), loader_objects()));
  EXPECT_EQ(staged_files().size(), 1u) << "it may belong to a loader that is at work";

  settings = options();
  settings.leftovers_age = std::chrono::hours(0);
  ASSERT_TRUE(load_objects(*open(settings), std::vector{fetched(7, 0, {"{}"})}));
  EXPECT_TRUE(staged_files().empty());
}

TEST_F(SnowflakeLoad, SaysWhatItCost) {
  const auto warehouse = open(options());
  const auto first = load_objects(*warehouse, loader_objects());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->statements, 12u);
  EXPECT_EQ(first->staging_files, 1u);
  EXPECT_GT(first->staging_bytes, 5'000u);
  const auto second = load_objects(*warehouse, std::vector{fetched(7, 0, {"{}"})});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->statements, 10u) << "no sweep, and nothing rejected to insert";
}

TEST_F(SnowflakeLoad, AfterAFailureWithinItsTransactionALoadStartsAfresh) {
  const std::string table = options().database + ".BRONZE.REJECTED_EVENTS";
  auto settings = options();
  bool broken = false;
  settings.on_step = [&](std::string_view step) {
    if (step != "copied" || std::exchange(broken, true)) return;
    ask("ALTER TABLE " + table + " RENAME TO " + table + "_AWAY");
  };
  const auto warehouse = open(settings);
  EXPECT_FALSE(load_objects(*warehouse, loader_objects()));
  ask("ALTER TABLE " + table + "_AWAY RENAME TO " + table);
  const auto counts = load_objects(*warehouse, loader_objects());
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->objects, 6u);
  const auto rows = warehouse->query("SELECT COUNT(*) FROM BRONZE.SPOTIFY_EVENTS");
  EXPECT_EQ(rows->rows.at(0).at(0), "108");
}

TEST_F(SnowflakeLoad, TheViewParsesPayloads) {
  const auto warehouse = open(options());
  ASSERT_TRUE(load_objects(*warehouse, std::vector{fetched(0, 0, {R"({"song_name":"Love Story"})"})}));
  const auto table = warehouse->query("SELECT event:song_name::VARCHAR FROM BRONZE.SPOTIFY_EVENTS_PARSED");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows.at(0).at(0), "Love Story");
}

TEST_F(SnowflakeLoad, GoesOnInANewSessionAfterClose) {
  const auto warehouse = open(options());
  ASSERT_TRUE(warehouse->close());
  ASSERT_TRUE(load_objects(*warehouse, loader_objects()));
  ASSERT_TRUE(warehouse->close());
  EXPECT_EQ(warehouse->loaded_objects()->size(), 6u);
}

}  // namespace
}  // namespace sdp::warehouse
