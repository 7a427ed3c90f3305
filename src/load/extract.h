#pragma once

#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/load_runner.h"
#include "store/object_store.h"
#include "warehouse/warehouse.h"

namespace sdp::load {

struct ExtractSummary {
  std::uint64_t objects = 0;         ///< in the folder now that the ledger has not
  std::uint64_t copied_before = 0;   ///< of these, what an earlier try had brought
  std::uint64_t bytes = 0;           ///< of these objects, as stored
  std::uint64_t loaded_already = 0;  ///< in the lake and in the ledger
  std::string sha256;                ///< of their lines `<key> <sha256>\n`, in chain order
  /// What kept objects from being copied, each by name. Everything else is copied.
  std::vector<Error> problems;
};

/// Copies the objects of `plan` from the lake into `copy`, under their own keys and with their metadata, and
/// the notes of gaps, so that a load from the copy is a load from the lake. Each body is checked against its
/// hash; what is there already is not fetched again. A damaged object ends its own chain and no other, as in
/// a load. `known_topics`: the topic ids of the ledger (topic_ids), which go along so that a load from the
/// copy knows the lake. Errors are the stores', and `interrupted`.
Result<ExtractSummary> extract(store::ObjectStore& lake, const LoadPlan& plan,
                               const std::set<std::string>& known_topics, store::ObjectStore& copy,
                               const std::stop_token& stop);

}  // namespace sdp::load
