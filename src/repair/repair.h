#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "lake/override.h"
#include "repair/object_part.h"
#include "repair/repair_plan.h"
#include "store/object_store.h"

namespace sdp::repair {

struct RepairOptions {
  std::string object_key;
  std::string reason;
  std::string writer;
  /// Of the object, what goes on being used: it is put as an object of its own (object_part.h).
  std::optional<lake::OffsetRange> use{};
  bool apply = false;  ///< otherwise look and write nothing
  int threads = 16;    ///< requests at the same time
  /// An error when a sink writes to the lake. Asked before the write, where a chain's end moves back.
  std::function<Result<void>()> check_sinks_stopped = [] { return Result<void>(); };
};

struct Repair {
  lake::Override override;  ///< that is to be written, or was
  RepairPlan plan;
  bool was_there = false;            ///< the object is ignored already, for the same reason
  std::optional<ObjectPart> part{};  ///< that goes on being used
};

/// Ignores an object (docs/decisions/0050-ignored-objects.md). The steps:
///   1. Look: the lake's layout, the object, what is known of its chain; decide (repair_plan.h).
///   2. Where the chain's end moves back: no sink runs, and what was decided still holds.
///   3. Put the part that goes on being used, create-only. Until the next step it overlaps the object, and
///   loads of
///      the chain end there. Durable: the part.
///   4. Put the override create-only. This is the switch: whoever reads the lake from then on goes without
///   the
///      object. Durable: the override.
/// A stop before 3 leaves the lake as it was, and one before 4 a part that the same repair finds again. Each
/// step may be repeated, and several repairs may run at once: the one that puts first holds, and the others
/// find it.
///
/// `misconfigured` when the lake has layout 1, when there is no such object, and when it is ignored already
/// for another reason.
Result<Repair> repair(store::ObjectStore& store, Clock& clock, const RepairOptions& options);

}  // namespace sdp::repair
