#pragma once

#include <optional>

#include "base/result.h"
#include "lake/layout.h"
#include "lake/places.h"
#include "store/object_store.h"

namespace sdp::lake_reader {

struct FoundLayout {
  lake::Places places;
  bool has_file = false;  ///< of the layout; a new lake has none
};

/// Where the lake in `store` keeps things, by the version of its layout:
///   1. `bronze/_lake.json` is there: layout 1.
///   2. `_pipeline/lake.json` is there: layout 2.
///   3. Neither: layout 1 when any other name of that layout is there, whose file was lost; otherwise the
///      newest, which a new lake gets.
/// `misconfigured` when both files are there: a program of an older version wrote into a lake of layout 2.
Result<FoundLayout> find_layout(store::ObjectStore& store);
Result<lake::Places> find_places(store::ObjectStore& store);

/// What the layout's file says; nothing when there is none. `bad_input` names a damaged one.
Result<std::optional<lake::LakeLayout>> read_layout(store::ObjectStore& store, const FoundLayout& found);

/// `misconfigured` when a lake of layout 2 has the file of layout 1, too. Nothing to look for in layout 1.
Result<void> check_only_layout(store::ObjectStore& store, const lake::Places& places);

}  // namespace sdp::lake_reader
