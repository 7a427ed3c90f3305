#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/compression.h"
#include "lake/places.h"

namespace sdp::lake {

/// What all writers of one lake must agree on, or one place would have two names. Stored create-only at
/// Places::layout_key by the first sink (docs/formats/layout.md).
struct LakeLayout {
  int version = Places::kNewest;
  std::string format = "json-lines";
  Compression compression = Compression::none;
  std::string partitioner = "broker-hour";
  std::string topic = "spotify-events";

  bool operator==(const LakeLayout&) const = default;
};

std::string to_json(const LakeLayout& layout);
Result<LakeLayout> layout_from_json(std::string_view json);
/// `misconfigured` names each setting in which `wanted` differs from what `stored` fixed.
Result<void> check_same(const LakeLayout& stored, const LakeLayout& wanted);

}  // namespace sdp::lake
