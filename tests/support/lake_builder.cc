#include "support/lake_builder.h"

#include <fmt/core.h>

#include <utility>

#include "base/sha256.h"
#include "lake/line.h"
#include "lake/object_key.h"

namespace sdp::support {

BuiltObject LakeBuilder::build(log::Partition partition, log::Offset first, log::Offset end,
                               lake::Compression compression) const {
  BuiltObject object;
  std::string lines;
  lake::LineEncoder encoder;
  const UtcMillis time{std::chrono::seconds(1'771'177'956)};
  for (log::Offset offset = first; offset < end; ++offset) {
    const std::string value =
        offset % 10 == 9 ? "bad" : fmt::format(R"({{"p":{},"n":{}}})", partition, offset);
    log::RecordView record;
    record.partition = partition;
    record.offset = offset;
    record.timestamp = time;
    record.value = value;
    if (encoder.append(lines, record)) ++object.meta.rejected;
  }
  object.meta.topic = "spotify-events";
  object.meta.chain = {id_, partition};
  object.meta.range = {first, end};
  object.meta.records = end - first;
  object.meta.first_timestamp = object.meta.last_timestamp = time;
  object.meta.writer = "test";
  object.key = lake::format_key({time, lake::short_id(id_), partition, first, compression});
  set_body(object, *lake::compress(compression, lines));
  return object;
}

void set_body(BuiltObject& object, std::string body) {
  object.body = std::move(body);
  object.meta.sha256 = base::sha256_hex(object.body);
}

Result<store::PutOutcome> put(store::ObjectStore& store, const BuiltObject& object) {
  return store.put_new(object.key, object.body, lake::to_metadata(object.meta), "application/x-ndjson");
}

}  // namespace sdp::support
