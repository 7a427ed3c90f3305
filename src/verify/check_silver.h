#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "verify/findings.h"
#include "verify/lake_view.h"
#include "verify/limits.h"
#include "verify/recount.h"
#include "verify/table_rows.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

struct SilverCounts {
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t faults = 0;  ///< of the rejected ones
};

/// Reads silver's four tables and compares every column with the lake's lines; what needs the recount waits
/// for check_fates. The view outlives this.
class SilverCheck {
 public:
  SilverCheck(LakeView& lake, const mapping::Mapping* mapping, const ClosedParts& parts,
              const VerifyLimits& limits, Findings& findings)
      : lake_(lake),
        mapping_(mapping),
        parts_(parts),
        named_max_(limits.named_max),
        findings_(findings),
        workers_(static_cast<std::size_t>(limits.threads), Worker{.finder = RowFinder(lake), .hash = {}}) {}

  /// Also decides which objects are `counted`: loaded, and not behind the last that silver or a closed batch
  /// has anything of.
  Result<SilverCounts> read(warehouse::Warehouse& warehouse, WarehouseShape& shape);
  /// Every counted line is in the one table it belongs to, duplicates point at what was kept, and every fault
  /// is listed. `before`: by the closed batches alone, while one is open. Of what that brings, dbt has
  /// written some tables and not others when it was killed; the next run writes all of them again.
  void check_fates(const Recount& recount, const Recount* before);
  /// Objects with a wrong row among the valid events that silver does not show, since they are duplicates:
  /// what is counted as of an earlier state may read them. Null when it is not known which objects.
  static Result<std::set<const LakeObject*>> with_wrong_hidden_rows(LakeView& lake,
                                                                    warehouse::Warehouse& warehouse);

 private:
  struct Duplicate {
    LakeView::Place row;
    LakeView::Place kept;
  };
  /// Whether TRANSFORM.SPOTIFY_FAULTS is there and can be compared.
  enum class Faults { not_yet, unreadable, listed };
  /// A row of which some column differs; which one is found out by decoding its line again.
  struct Differing {
    LakeView::Place at;
    EventColumns found;
  };

  /// What a thread has for itself while rows are compared.
  struct alignas(64) Worker {
    RowFinder finder;
    RowHash hash;
    std::uint64_t rows = 0;
  };
  using Visit = void (SilverCheck::*)(Worker&, warehouse::RowView);

  Result<std::uint64_t> scan(warehouse::Warehouse& warehouse, WarehouseShape& shape, std::string_view table,
                             const std::string& sql, int threads, Visit visit);
  void kept_row(Worker& worker, warehouse::RowView row);
  void duplicate_row(Worker& worker, warehouse::RowView row);
  void rejected_row(Worker& worker, warehouse::RowView row);
  void fault_row(Worker& worker, warehouse::RowView row);
  LakeView::Place locate(Worker& worker, warehouse::RowView row);
  LakeView::Place mark(Worker& worker, warehouse::RowView row, Seen table);
  void check_coordinates(const LakeView::Place& at, warehouse::RowView row);
  bool refused_by_an_older_rule(const LakeView::Place& at, warehouse::RowView row);
  void by_an_older_rule(std::string_view kind, const LakeView::Place& at);
  void check_rejection(Worker& worker, const LakeView::Place& at, warehouse::RowView row);
  Result<void> explain();
  Result<void> explain(const Differing& differing);
  void not_from_bronze(LakeObject& object);
  void decide_counted(const lake::ChainId& id, LakeChain& chain);
  void check_fate(LakeObject& object, LineFact& line, bool batch_is_open);
  void check_duplicates(const Recount& recount, const Recount* before);
  void on_its_way(const LakeView::Place& at);
  void check_faults(LakeObject& object, bool batch_is_open);
  void wrong(std::string_view kind, const LakeView::Place& at, std::string_view detail = {});

  LakeView& lake_;
  const mapping::Mapping* const mapping_;
  const ClosedParts& parts_;
  const std::size_t named_max_;
  Findings& findings_;
  std::vector<Worker> workers_;
  std::mutex mutex_;
  std::vector<Duplicate> duplicates_;  // guarded by mutex_ while rows are compared
  std::vector<Differing> differing_;   // guarded by mutex_ while rows are compared
  std::uint8_t readable_ = 0;          ///< the tables that could be compared; see Seen
  Faults faults_ = Faults::not_yet;
};

}  // namespace sdp::verify
