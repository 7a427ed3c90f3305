#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "lake/object_meta.h"
#include "store/object_store.h"

namespace sdp::sink {

/// The put made the range durable.
struct Committed {};
/// The object was there already, byte for byte: our own earlier put whose answer was lost.
struct AlreadyOurs {};
/// Another writer committed a range that starts at the same place; its end is the chain's.
struct Adopted {
  lake::ObjectMeta winner;
};
using CommitOutcome = std::variant<Committed, AlreadyOurs, Adopted>;

/// The one act that commits an offset range: a create-only put of its object. On `exists` the object's
/// metadata decide. Errors are the store's, or `bad_input` when what stands at the key is not an object of
/// this chain and place.
Result<CommitOutcome> commit_object(store::ObjectStore& store, std::string_view key, std::string_view body,
                                    const lake::ObjectMeta& meta);

}  // namespace sdp::sink
