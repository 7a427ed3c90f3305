#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// A hint where a chain ends, which saves a listing of the lake (docs/formats/chain-head.md). The only thing
/// in a lake that is overwritten; nobody trusts it: what it names is looked at, and the log tells what
/// follows.
struct ChainHead {
  ChainId chain;
  log::Offset end = 0;     ///< 0 for a chain without an object
  std::string object_key;  ///< of the object that ends there; empty when `end` is 0

  bool operator==(const ChainHead&) const = default;
};

std::string to_json(const ChainHead& head);
/// `bad_input` when the text is not what to_json writes.
Result<ChainHead> chain_head_from_json(std::string_view json);

}  // namespace sdp::lake
