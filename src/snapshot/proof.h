#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "snapshot/snapshot.h"

namespace sdp::snapshot {

/// proof.json: what verify said of the snapshot `id` at a time; `report` is its JSON
/// (docs/formats/verify-report.md). `bad_input` when that is none.
Result<std::string> proof_document(std::string_view id, std::string_view at, std::string_view report);

/// `bad_input` when the text is not a proof.json of a version that this program knows.
Result<Proof> parse_proof(std::string_view document);

}  // namespace sdp::snapshot
