#include "lake_reader/find_places.h"

#include <fmt/core.h>

#include <utility>

#include "lake/upgrade_record.h"

namespace sdp::lake_reader {
namespace {

const lake::Places kOld(1);
const lake::Places kNew(2);

Result<bool> has(store::ObjectStore& store, std::string_view key) {
  SDP_TRY(const auto head, store.head(key));
  return head.has_value();
}

Result<lake::LakeLayout> layout_in(std::string_view file, std::string_view body) {
  if (file != lake::kUpgradeKey) return lake::layout_from_json(body);
  SDP_TRY(lake::UpgradeRecord record, lake::upgrade_record_from_json(body));
  return std::move(record.layout);
}

std::unexpected<Error> two_layouts(const store::ObjectStore& store) {
  return fail(
      ErrorKind::misconfigured,
      fmt::format("{}: the lake has layout 2 ({}), and {} of layout 1 has appeared in it: a sink of an older "
                  "version was started on it. Stop that sink, run `verify` with a copy of {} elsewhere, then "
                  "remove {} and what else begins with {}",
                  store.describe(), kNew.layout_key(), kOld.layout_key(), kOld.layout_key(),
                  kOld.layout_key(), lake::kOwnPrefixOfLayout1));
}

}  // namespace

Result<FoundLayout> find_layout(store::ObjectStore& store) {
  SDP_TRY(const bool is_old, has(store, kOld.layout_key()));
  SDP_TRY(const bool is_new, has(store, kNew.layout_key()));
  if (is_old && is_new) return two_layouts(store);
  if (is_old) return FoundLayout{kOld, kOld.layout_key()};
  if (is_new) return FoundLayout{kNew, kNew.layout_key()};
  SDP_TRY(const bool is_switched, has(store, lake::kUpgradeKey));
  if (is_switched) return FoundLayout{kNew, lake::kUpgradeKey};
  bool has_old_names = false;
  SDP_RETURN_IF_ERROR(store.list(lake::kOwnPrefixOfLayout1, [&](const store::ListedObject&) {
    has_old_names = true;
    return false;
  }));
  return FoundLayout{has_old_names ? kOld : lake::Places()};
}

Result<lake::Places> find_places(store::ObjectStore& store) {
  SDP_TRY(const FoundLayout found, find_layout(store));
  return found.places;
}

Result<std::optional<lake::LakeLayout>> read_layout(store::ObjectStore& store, const FoundLayout& found) {
  if (found.file.empty()) return std::optional<lake::LakeLayout>();
  SDP_TRY(const store::Object stored, store.get(found.file));
  auto layout = layout_in(found.file, stored.body);
  if (!layout) return std::unexpected(layout.error().in(store.describe()).in(found.file));
  return std::optional(*std::move(layout));
}

Result<void> check_only_layout(store::ObjectStore& store, const lake::Places& places) {
  SDP_TRY(const bool is_old, has(store, kOld.layout_key()));
  if (is_old == (places.version() == 1)) return {};
  if (is_old) return two_layouts(store);
  return fail(ErrorKind::misconfigured,
              fmt::format("{}: {} is gone: the lake was brought to layout 2 while this sink ran. Start the "
                          "sink again",
                          store.describe(), kOld.layout_key()));
}

}  // namespace sdp::lake_reader
