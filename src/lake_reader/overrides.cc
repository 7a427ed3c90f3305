#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "lake/override.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {

Result<lake::Overrides> read_overrides(store::ObjectStore& store, const lake::Places& places) {
  lake::Overrides overrides;
  // Only layout 2 has any.
  if (places.version() == 1) return overrides;
  std::vector<std::string> keys;
  SDP_RETURN_IF_ERROR(store.list(lake::kOverridesPrefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  for (const std::string& key : keys) {
    const auto object_key = lake::overridden_object(key);
    if (!object_key) continue;  // somebody else's file
    SDP_TRY(const store::Object stored, store.get(key));
    auto override = lake::override_from_json(stored.body);
    if (override && override->object_key == *object_key) {
      overrides.add(*std::move(override));
      continue;
    }
    const std::string why = override ? "it is about " + override->object_key : override.error().message;
    overrides.add_unreadable(
        *object_key,
        {ErrorKind::bad_input,
         fmt::format("{}: override {} cannot be read: {}. Its object is left out, and its chain ends there, "
                     "until the override is as a newer program or a backup has it",
                     store.describe(), key, why)});
  }
  return overrides;
}

Result<void> LakeReader::list_objects(std::string_view prefix,
                                      const std::function<bool(const store::ListedObject&)>& visit) const {
  return store_.list(prefix, [&](const store::ListedObject& object) {
    return overrides_.ignores(object.key) || visit(object);
  });
}

}  // namespace sdp::lake_reader
