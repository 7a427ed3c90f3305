#pragma once

#include <optional>

#include "base/result.h"
#include "lake/layout.h"
#include "lake/places.h"
#include "store/object_store.h"

namespace sdp::lake_reader {

struct FoundLayout {
  lake::Places places;
  /// What says the layout: its file, or the upgrade's record where that is not written yet. Empty in a new
  /// lake.
  std::string_view file{};
};

/// Where the lake in `store` keeps things, by the version of its layout:
///   1. `bronze/_lake.json` is there: layout 1.
///   2. `_pipeline/lake.json` is there: layout 2.
///   3. Neither, but the record of an upgrade: layout 2. The upgrade was stopped behind its switch, and the
///      record says what the file will.
///   4. None of them: layout 1 when any other name of that layout is there, whose file was lost; otherwise
///      the newest, which a new lake gets.
/// `misconfigured` when both files are there: a program of an older version wrote into a lake of layout 2.
Result<FoundLayout> find_layout(store::ObjectStore& store);
Result<lake::Places> find_places(store::ObjectStore& store);

/// What the layout's file says; nothing when there is none. `bad_input` names a damaged one.
Result<std::optional<lake::LakeLayout>> read_layout(store::ObjectStore& store, const FoundLayout& found);

/// For whoever goes on writing: `misconfigured` when a lake of layout 2 has the file of layout 1, too, and
/// when one of layout 1 has lost its file, as by an upgrade that did not know of this writer.
Result<void> check_only_layout(store::ObjectStore& store, const lake::Places& places);

}  // namespace sdp::lake_reader
