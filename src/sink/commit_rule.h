#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "lake/layout.h"
#include "lake/object_meta.h"
#include "lake_reader/find_places.h"
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

/// The one act that commits an offset range (docs/decisions/0001-create-only-commit.md):
///   1. Put the object create-only under the key of its place. `created`: the range is durable, Committed.
///   2. `exists`: read the metadata of the object that is there. Its range is durable, whoever wrote it.
///   3. The same range and hash: an earlier put of ours whose answer was lost, AlreadyOurs.
///   4. Otherwise another writer won the place, Adopted: the chain goes on at the end of the winner's range.
/// Nothing is ever overwritten, so each step may be repeated after a crash. Errors are the store's, or
/// `bad_input` when what stands at the key is not an object of this chain and place.
Result<CommitOutcome> commit_object(store::ObjectStore& store, std::string_view key, std::string_view body,
                                    const lake::ObjectMeta& meta);

/// Writes `wanted`, in the version that was found, as the lake's layout when it has none, or checks that it
/// is the lake's. `misconfigured` names what differs: two layouts would give one place two names, and so two
/// objects.
Result<void> agree_on_layout(store::ObjectStore& store, const lake_reader::FoundLayout& found,
                             lake::LakeLayout wanted);

}  // namespace sdp::sink
