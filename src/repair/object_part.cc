#include "repair/object_part.h"

#include <fmt/core.h>

#include <utility>

#include "base/sha256.h"
#include "lake/compression.h"
#include "lake/line.h"

namespace sdp::repair {
namespace {

Result<ObjectPart> refuse(const lake::ObjectMeta& meta, lake::OffsetRange range, std::string_view why) {
  return fail(ErrorKind::misconfigured,
              fmt::format("offsets [{}, {}) cannot be used of an object with [{}, {}): {}", range.first,
                          range.end, meta.range.first, meta.range.end, why));
}

}  // namespace

Result<ObjectPart> part_of(const lake::ObjectKey& place, const lake::ObjectMeta& meta, std::string_view body,
                           lake::OffsetRange range, std::string writer) {
  if (range.empty() || range.first <= meta.range.first || range.end > meta.range.end) {
    return refuse(
        meta, range,
        "they must lie in it, and begin behind its first offset, whose name is taken by the object itself");
  }
  if (base::sha256_hex(body) != meta.sha256)
    return refuse(meta, range,
                  "its bytes are not those that its metadata speak of, so no line of it is sure");
  SDP_TRY(const std::string text, lake::decompress(place.compression, body, lake::kObjectBytesMax));

  ObjectPart part{.key = {}, .body = {}, .meta = meta};
  part.meta.range = range;
  part.meta.records = part.meta.rejected = 0;
  part.meta.rejected_range.reset();
  part.meta.writer = std::move(writer);
  // Only of the last record the object tells it.
  if (range.end != meta.range.end) part.meta.leader_epoch.reset();
  std::string lines;
  std::string_view last;
  lake::LineDecoder decoder;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    SDP_TRY(const lake::Line decoded, decoder.decode(line));
    if (decoded.end <= range.first || decoded.offset >= range.end) continue;
    if (decoded.offset < range.first || decoded.end > range.end)
      return refuse(meta, range,
                    "they begin or end inside a batch that could not be read, which is one line");
    if (part.meta.records++ == 0) part.meta.first_timestamp = decoded.timestamp;
    part.meta.last_timestamp = decoded.timestamp;
    if (decoded.reject) {
      ++part.meta.rejected;
      const log::Offset first = part.meta.rejected_range ? part.meta.rejected_range->first : decoded.offset;
      part.meta.rejected_range = {first, decoded.end};
    }
    last = line;
    lines.append(line).append("\n");
  }
  if (last.empty()) return refuse(meta, range, "it has no line of them");
  part.meta.last_line_sha256 = base::sha256_hex(last);
  SDP_TRY(part.body, lake::compress(place.compression, lines));
  part.meta.sha256 = base::sha256_hex(part.body);
  part.key = lake::format_key({.first_timestamp = part.meta.first_timestamp,
                               .topic_id_short = place.topic_id_short,
                               .partition = place.partition,
                               .first = range.first,
                               .compression = place.compression});
  return part;
}

}  // namespace sdp::repair
