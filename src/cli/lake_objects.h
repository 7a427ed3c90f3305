#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/override.h"
#include "lake_reader/hour_walk.h"
#include "store/object_store.h"

namespace sdp::cli {

// What commands that show a lake's records ask of it. They write nothing.

/// The objects of an hour in the order of their first records, without those that `lake repair` has put
/// aside.
Result<std::vector<std::string>> objects_of(store::ObjectStore& store, const lake::Overrides& overrides,
                                            const lake_reader::HourFolder& folder);

/// The lines of an object. `bad_input` when it has no name of an object of events, or is damaged.
Result<std::string> text_of(store::ObjectStore& store, std::string_view key);

/// Hands each line to `visit`, without its end, until that returns false.
void visit_lines(std::string_view text, const std::function<bool(std::string_view line)>& visit);

}  // namespace sdp::cli
