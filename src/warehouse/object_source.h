#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>

#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// Objects that are in memory already, one after another.
class HeldObjects final : public ObjectSource {
 public:
  /// `objects` outlive this.
  explicit HeldObjects(std::span<const StagedObject> objects) : objects_(objects) {}

  std::optional<StagedObject> next(std::size_t held_bytes) override;

 private:
  std::mutex mutex_;
  std::span<const StagedObject> objects_;
};

/// One load of objects that are in memory already.
Result<LoadCounts> load_objects(Warehouse& warehouse, std::span<const StagedObject> objects);

}  // namespace sdp::warehouse
