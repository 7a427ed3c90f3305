#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// A gap record: offsets the log had lost before any sink could read them, acknowledged by an operator
/// (`--allow-gap`). Stored create-only at Places::gap_key (docs/formats/gap.md).
struct Gap {
  std::string topic;
  ChainId chain;
  OffsetRange range;

  bool operator==(const Gap&) const = default;
};

std::string to_json(const Gap& gap);
Result<Gap> gap_from_json(std::string_view json);

/// Where a chain that ends at `at` goes on behind the acknowledged gaps that start there; several may follow
/// each other. `at` itself when none does.
log::Offset after_gaps(const ChainId& chain, log::Offset at, std::span<const Gap> gaps);

/// One link of a chain: a committed object's range.
struct Link {
  std::string object_key;
  OffsetRange range;

  bool operator==(const Link&) const = default;
};

struct ChainCheck {
  std::vector<Link> in_order;   ///< the links that continue the chain, in offset order
  log::Offset end = 0;          ///< where the chain ends after them
  std::vector<Error> problems;  ///< `data_gap`: each names chain, offsets and objects
};
/// Checks that `links` (any order) continue a chain from `end` without hole or overlap, where `gaps` are
/// acknowledged holes. A gap never hides an object: it only lets the chain go on where no object starts.
ChainCheck check_chain(const ChainId& chain, log::Offset end, std::span<const Link> links,
                       std::span<const Gap> gaps);

}  // namespace sdp::lake
