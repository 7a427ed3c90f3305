// On the emulator; on a real account when SDP_TEST_SNOWFLAKE_ACCOUNT=1 and the SNOWFLAKE_* variables are set.
// There, each test makes a database SDP_TEST_* of its own and drops it; the role must be allowed to.

#include <unistd.h>

#include <cstdlib>

#include "contract/warehouse_contract.h"
#include "support/snowflake_emulator.h"

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

}  // namespace
}  // namespace sdp::warehouse
