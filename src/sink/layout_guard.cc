#include "sink/layout_guard.h"

#include "lake/object_key.h"

namespace sdp::sink {

Result<void> agree_on_layout(store::ObjectStore& store, const lake::LakeLayout& wanted) {
  SDP_TRY(const auto outcome, store.put_new(lake::kLayoutKey, to_json(wanted), {}, "application/json"));
  if (outcome == store::PutOutcome::created) return {};
  SDP_TRY(const store::Object stored, store.get(lake::kLayoutKey));
  auto layout = lake::layout_from_json(stored.body);
  if (!layout) return std::unexpected(layout.error().in(store.describe()).in(lake::kLayoutKey));
  if (auto same = check_same(*layout, wanted); !same)
    return std::unexpected(same.error().in(store.describe()));
  return {};
}

}  // namespace sdp::sink
