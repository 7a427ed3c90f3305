#include <fmt/core.h>

#include "store/object_store.h"

namespace sdp::store {

Result<void> probe_create_only(ObjectStore& store, std::string_view probe_key) {
  constexpr std::string_view kFirst = "create-only probe, first body\n";
  constexpr std::string_view kSecond = "create-only probe, second body: this store overwrites\n";
  SDP_TRY(const PutOutcome first, store.put_new(probe_key, kFirst, {}, "text/plain"));
  if (first == PutOutcome::exists) return {};
  SDP_TRY(const PutOutcome second, store.put_new(probe_key, kSecond, {}, "text/plain"));
  SDP_TRY(const Object stored, store.get(probe_key));
  if (second == PutOutcome::exists && stored.body == kFirst) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "{}: a create-only put of {} was not refused although the object exists; this store ignores "
          "If-None-Match, and writers would overwrite each other. Use a store that honours conditional "
          "writes (AWS S3, MinIO, versitygw)",
          store.describe(), probe_key));
}

}  // namespace sdp::store
