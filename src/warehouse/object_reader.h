#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "lake/line.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// Takes objects apart on their way into a warehouse, and checks each line against its object: what every
/// adapter's load does before it writes. Owned by one thread.
class ObjectReader {
 public:
  /// Starts with `object`, which stays where it is until its end was read.
  void open(const FetchedObject& object);

  /// The object's next line, as bronze is to have it: one of more than kBronzeLineBytesMax comes as a
  /// rejected line with its coordinates and nothing else. Nothing at its end. `bad_input` names object and
  /// line when a line is damaged, or not where the metadata put it; by then earlier lines were handed over,
  /// so the caller rolls back. A line is valid until the next call.
  Result<std::optional<lake::Line>> next();

  /// How many kept lines of the object were rejected for their size so far.
  std::uint64_t too_large() const { return too_large_; }

  /// All of an object's lines in order. As `next`; how many were too large.
  Result<std::uint64_t> read(const FetchedObject& object,
                             const std::function<Result<void>(const lake::Line&)>& visit);

 private:
  Result<void> check(const lake::Line& line);
  Result<void> check_end() const;
  std::unexpected<Error> damaged(std::string_view what) const;

  lake::LineDecoder decoder_;
  const FetchedObject* object_ = nullptr;
  std::string_view rest_;
  log::Offset at_least_ = 0;   ///< the next line's offset
  std::int64_t records_ = 0;   ///< lines so far, the current one included
  std::int64_t rejected_ = 0;  ///< of these, by the sink
  std::uint64_t too_large_ = 0;
};

/// Adds a loaded object, of which `too_large` kept lines were rejected on the way.
void count_object(const lake::ObjectMeta& meta, std::uint64_t too_large, LoadCounts& counts);

/// Bronze timestamps of every warehouse: a producer's clock may say anything, so what is not in the years 1
/// to 9999 is drawn in.
UtcMillis bronze_time(UtcMillis time);

}  // namespace sdp::warehouse
