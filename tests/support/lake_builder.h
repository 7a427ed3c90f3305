#pragma once

#include <string>

#include "lake/compression.h"
#include "lake/object_meta.h"
#include "store/object_store.h"

namespace sdp::support {

/// An object as a sink would put it.
struct BuiltObject {
  std::string key;
  std::string body;
  lake::ObjectMeta meta;
};

/// Builds a lake's objects for tests: offset n of partition p holds {"p":p,"n":n}, every tenth record is not
/// JSON.
class LakeBuilder {
 public:
  explicit LakeBuilder(log::TopicId id = *base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"))
      : id_(id) {}

  const log::TopicId& id() const { return id_; }
  BuiltObject build(log::Partition partition, log::Offset first, log::Offset end,
                    lake::Compression compression = lake::Compression::none) const;

 private:
  log::TopicId id_;
};

/// Replaces body and hash.
void set_body(BuiltObject& object, std::string body);
Result<store::PutOutcome> put(store::ObjectStore& store, const BuiltObject& object);

}  // namespace sdp::support
