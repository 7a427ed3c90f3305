#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/mart_recount.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// The parts that stand more than once in the queries of `recounts`, a part before those that it is in.
std::vector<std::string> shared_parts(std::span<const MartRecount* const> recounts);

/// Queries that several recounts are made of, each run once: ten of them begin with the same windows over all
/// of silver.
class KeptParts {
 public:
  /// Keeps what `recounts` share, where the warehouse can. A part that reads a broken table, or that the
  /// warehouse fails to run, is left in its recounts, which then say what is wrong.
  static KeptParts keep(std::span<const MartRecount* const> recounts, const WarehouseShape& shape,
                        warehouse::Warehouse& warehouse);

  /// `query` with the kept rows in place of the parts that gave them.
  std::string in(std::string query) const;

 private:
  struct Part {
    std::string sql;
    std::string rows;  ///< what reads them in a FROM
  };

  std::vector<Part> parts_;  ///< a part behind those that it is in
};

}  // namespace sdp::verify
