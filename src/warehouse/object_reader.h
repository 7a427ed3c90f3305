#pragma once

#include <functional>

#include "lake/line.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// Takes objects apart on their way into a warehouse, and holds each line against its object: what every
/// adapter's load does before it writes. Owned by one thread.
class ObjectReader {
 public:
  /// Hands over the object's lines in order. `bad_input` names object and line when a line is damaged, or not
  /// where the metadata put it; by then earlier lines were handed over, so the caller rolls back. A line is
  /// valid during the call.
  Result<void> read(const StagedObject& object, const std::function<Result<void>(const lake::Line&)>& visit);

 private:
  lake::LineDecoder decoder_;
};

/// Bronze timestamps of every warehouse: a producer's clock may say anything, so the ends are drawn in.
UtcMillis bronze_time(UtcMillis time);

}  // namespace sdp::warehouse
