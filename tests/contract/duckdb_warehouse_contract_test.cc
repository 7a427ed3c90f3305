#include "contract/warehouse_contract.h"
#include "support/child_process.h"
#include "support/temporary_folder.h"

namespace sdp::warehouse {
namespace {

class DuckDbPlace final : public WarehousePlace {
 public:
  std::vector<std::string> arguments() const override { return {"duckdb", folder_.path()}; }

 private:
  support::TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(DuckDb, WarehouseContract,
                         testing::Values(WarehouseUnderTest{
                             .name = "DuckDb",
                             .make = [] { return std::make_unique<DuckDbPlace>(); },
                             .steps = {"begun", "inserted", "committed"},
                             .committed_step = "committed"}),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace sdp::warehouse
