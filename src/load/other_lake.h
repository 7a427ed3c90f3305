#pragma once

#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "lake_reader/load_plan.h"
#include "warehouse/warehouse.h"

namespace sdp::load {

/// What becomes of objects of a lake whose topics the warehouse does not know, while it knows others.
enum class OtherLake { refuse, add };

/// The topic ids of chains, as in keys.
std::set<std::string> topic_ids(std::span<const warehouse::LoadedChain> ledger);

/// Whether the planned objects are of a lake that the warehouse has loaded from before. A warehouse of two
/// lakes has the events of both in its marts, and `verify` proves it only where it is given both. The ledger
/// knows lakes by their topic ids: one of the lake's must be in it, or nothing. `staged_for`: topic ids that
/// were in it when the objects were staged, since a stage folder holds what is new and nothing else. Topic
/// ids are as in keys. `misconfigured` names both lakes. Pure.
Result<void> check_lake(const lake_reader::LoadPlan& plan, std::span<const warehouse::LoadedChain> ledger,
                        const std::set<std::string>& staged_for);

}  // namespace sdp::load
