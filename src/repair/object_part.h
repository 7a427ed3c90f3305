#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"

namespace sdp::repair {

/// An object that is made of some lines of another one.
struct ObjectPart {
  std::string key;
  std::string body;
  lake::ObjectMeta meta;
};

/// The lines of [range.first, range.end) of the object at `place`, as an object of its own: its name and its
/// metadata are those that a sink would have given it there. Pure.
/// `misconfigured` when the range is not inside the object and behind its first offset, whose name is taken;
/// when it has no line, or a part of one that stands for a batch; and when the bytes are not those that the
/// metadata speak of, since then nothing tells which lines are sound.
Result<ObjectPart> part_of(const lake::ObjectKey& place, const lake::ObjectMeta& meta, std::string_view body,
                           lake::OffsetRange range, std::string writer);

}  // namespace sdp::repair
