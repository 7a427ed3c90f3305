#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/lake_view.h"
#include "verify/warehouse_shape.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// What tables that are counted from silver may hold while a batch is open, besides what silver tells now:
/// dbt replaces one after the other, so a run that was killed has left some as an earlier batch, closed or
/// not, made them. Each is all of one state; what is of none is wrong.
class OpenBatch {
 public:
  struct State {
    std::function<bool(const LakeObject&)> has;  ///< whether silver held the object
    std::string objects;                         ///< the same as SQL: a query of keys
  };

  /// No states when no batch is open, or when nothing tells what silver held.
  static std::vector<State> states(const LakeView& lake, const WarehouseShape& shape,
                                   const ClosedParts& parts, const warehouse::Warehouse& warehouse);

  /// A query over silver, as it would have been answered then; nothing when it reads other tables, too.
  static std::optional<std::string> as_of(const State& state, std::string_view sql);
};

}  // namespace sdp::verify
