#pragma once

#include "base/result.h"
#include "lake/object_meta.h"
#include "lake_reader/load_plan.h"
#include "store/object_store.h"
#include "warehouse/warehouse.h"

namespace sdp::load {

using lake_reader::PlannedObject;

/// `bad_input` when the body is not the one that the metadata tell of.
Result<void> check_body(const store::Object& object, const lake::ObjectMeta& meta);

/// Reads an object and checks that it is what its name and metadata say: place, hash, readable body.
/// `bad_input` names the object and what is wrong with it.
Result<warehouse::FetchedObject> fetch_object(store::ObjectStore& store, const PlannedObject& planned);

}  // namespace sdp::load
