#pragma once

#include <functional>

#include "lake/line.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// Takes objects apart on their way into a warehouse, and holds each line against its object: what every
/// adapter's load does before it writes. Owned by one thread.
class ObjectReader {
 public:
  /// Hands over the object's lines in order, as bronze is to have them: one of more than kBronzeLineBytesMax
  /// comes as a rejected line with its coordinates and nothing else. How many kept lines were rejected for
  /// that. `bad_input` names object and line when a line is damaged, or not
  /// where the metadata put it; by then earlier lines were handed over, so the caller rolls back. A line is
  /// valid during the call.
  Result<std::uint64_t> read(const StagedObject& object,
                             const std::function<Result<void>(const lake::Line&)>& visit);

 private:
  lake::LineDecoder decoder_;
};

/// Adds a loaded object, of which `too_large` kept lines were rejected on the way.
void count_object(const lake::ObjectMeta& meta, std::uint64_t too_large, LoadCounts& counts);

/// Bronze timestamps of every warehouse: a producer's clock may say anything, so what is not in the years 1
/// to 9999 is drawn in.
UtcMillis bronze_time(UtcMillis time);

}  // namespace sdp::warehouse
