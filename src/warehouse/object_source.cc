#include "warehouse/object_source.h"

namespace sdp::warehouse {

std::optional<StagedObject> HeldObjects::next(std::size_t) {
  const std::lock_guard lock(mutex_);
  if (objects_.empty()) return std::nullopt;
  StagedObject object = objects_.front();
  objects_ = objects_.subspan(1);
  return object;
}

Result<LoadCounts> load_objects(Warehouse& warehouse, std::span<const StagedObject> objects) {
  HeldObjects source(objects);
  return warehouse.load(source);
}

}  // namespace sdp::warehouse
