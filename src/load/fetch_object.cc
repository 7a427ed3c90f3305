#include "load/fetch_object.h"

#include <fmt/core.h>

#include <utility>

#include "base/sha256.h"
#include "lake/compression.h"

namespace sdp::load {
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

Result<warehouse::FetchedObject> check_object(const PlannedObject& planned, store::Object object) {
  warehouse::FetchedObject fetched;
  fetched.key = planned.object_key;
  SDP_TRY(fetched.meta, lake::meta_from(object.metadata));
  SDP_RETURN_IF_ERROR(check_place(planned, fetched.meta));
  SDP_RETURN_IF_ERROR(check_body(object, fetched.meta));
  if (planned.place.compression == lake::Compression::none) {
    fetched.lines = std::move(object.body);
  } else {
    SDP_TRY(fetched.lines, lake::decompress(planned.place.compression, object.body, lake::kObjectBytesMax));
  }
  return fetched;
}

}  // namespace

Result<void> check_body(const store::Object& object, const lake::ObjectMeta& meta) {
  const std::string actual = base::sha256_hex(object.body);
  if (actual == meta.sha256) return {};
  return fail(ErrorKind::bad_input,
              fmt::format("its body has sha256 {} but was written with {}", actual, meta.sha256));
}

Result<warehouse::FetchedObject> fetch_object(store::ObjectStore& store, const PlannedObject& planned) {
  SDP_TRY(store::Object object, store.get(planned.object_key));
  auto fetched = check_object(planned, std::move(object));
  if (!fetched) {
    return std::unexpected(fetched.error().in(
        fmt::format("{}: object {} is damaged and was not loaded", store.describe(), planned.object_key)));
  }
  return fetched;
}

}  // namespace sdp::load
