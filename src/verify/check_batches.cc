#include "verify/check_batches.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "verify/table_rows.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

constexpr std::array<std::string_view, 4> kColumns{"object_key", "records", "first_timestamp",
                                                   "last_timestamp"};

class BatchLedger {
 public:
  BatchLedger(LakeView& lake, Findings& findings) : lake_(lake), findings_(findings) {}

  void row(warehouse::RowView row) {
    ++rows_;
    const auto found = row[0] ? lake_.by_key.find(*row[0]) : lake_.by_key.end();
    if (found == lake_.by_key.end() || !found->second->loaded()) {
      findings_.item(Stage::silver, "batch row of no loaded object", shown(row[0]));
      return;
    }
    LakeObject& object = *found->second;
    if (object.in_batch) findings_.item(Stage::silver, "doubled batch row", object.key);
    object.in_batch = true;
    const lake::ObjectMeta& meta = object.meta;
    const std::array<std::int64_t, 3> wanted{
        meta.records, bronze_timestamp_us(meta.first_timestamp.time_since_epoch().count()),
        bronze_timestamp_us(meta.last_timestamp.time_since_epoch().count())};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (integer_of(row[i + 1]) == wanted[i]) continue;
      findings_.item(Stage::silver, "batch row differs from its object",
                     fmt::format("{}: {} is {} instead of {}", object.key, kColumns[i + 1], shown(row[i + 1]),
                                 wanted[i]));
    }
  }

  std::uint64_t rows() const { return rows_; }

 private:
  LakeView& lake_;
  Findings& findings_;
  std::uint64_t rows_ = 0;
};

}  // namespace

Result<void> check_batch_ledger(LakeView& lake, WarehouseShape& shape, const ClosedParts& parts,
                                warehouse::Warehouse& warehouse, Findings& findings) {
  BatchLedger ledger(lake, findings);
  const std::string sql =
      fmt::format("SELECT object_key, records, {}, {} FROM {}", warehouse.epoch_us("first_timestamp"),
                  warehouse.epoch_us("last_timestamp"), kTransformLedger);
  SDP_RETURN_IF_ERROR(scan_table(
      warehouse, shape, kTransformLedger, sql, [&](warehouse::RowView row) { ledger.row(row); }, findings));
  // Only the first run on a warehouse of an earlier version leaves it like this, when it is killed.
  if (ledger.rows() > 0 && !parts.closed() && shape.usable(kTransformParts)) {
    findings.pending_item(Stage::silver, "closed batch of which nothing says what it was made by",
                          std::string(kTransformParts));
  }
  return {};
}

void check_batches_are_closed(const LakeView& lake, const WarehouseShape& shape, Findings& findings) {
  if (!shape.usable(kTransformLedger)) return;
  for (const auto& [id, chain] : lake.chains) {
    for (const LakeObject* object : chain.objects) {
      if (!object->counted || object->in_batch) continue;
      findings.pending(Stage::silver, "in silver, but in no closed batch", id, object->meta.range);
    }
  }
}

}  // namespace sdp::verify
