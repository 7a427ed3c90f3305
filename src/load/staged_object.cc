#include "load/staged_object.h"

#include <fmt/core.h>

#include <utility>

#include "base/sha256.h"
#include "lake/compression.h"

namespace sdp::load {

using lake_reader::PlannedObject;
namespace {

Result<void> check_place(const PlannedObject& planned, const lake::ObjectMeta& meta) {
  const lake::ObjectKey said{.first_timestamp = meta.first_timestamp,
                             .topic_id_short = lake::short_id(meta.chain.topic_id),
                             .partition = meta.chain.partition,
                             .first = meta.range.first,
                             .compression = planned.place.compression};
  const std::string belongs_at = format_key(said);
  if (belongs_at == planned.object_key) return {};
  return fail(ErrorKind::bad_input, fmt::format("its metadata belong to {}", belongs_at));
}

Result<warehouse::StagedObject> check_object(const PlannedObject& planned, store::Object object) {
  warehouse::StagedObject staged;
  staged.key = planned.object_key;
  SDP_TRY(staged.meta, lake::meta_from(object.metadata));
  SDP_RETURN_IF_ERROR(check_place(planned, staged.meta));
  if (const std::string actual = base::sha256_hex(object.body); actual != staged.meta.sha256) {
    return fail(ErrorKind::bad_input,
                fmt::format("its body has sha256 {} but was written with {}", actual, staged.meta.sha256));
  }
  if (planned.place.compression == lake::Compression::none) {
    staged.lines = std::move(object.body);
  } else {
    SDP_TRY(staged.lines, lake::decompress(planned.place.compression, object.body, lake::kObjectBytesMax));
  }
  return staged;
}

}  // namespace

Result<warehouse::StagedObject> fetch_object(store::ObjectStore& store, const PlannedObject& planned) {
  SDP_TRY(store::Object object, store.get(planned.object_key));
  auto staged = check_object(planned, std::move(object));
  if (!staged) {
    return std::unexpected(staged.error().in(
        fmt::format("{}: object {} is damaged and was not loaded", store.describe(), planned.object_key)));
  }
  return staged;
}

}  // namespace sdp::load
