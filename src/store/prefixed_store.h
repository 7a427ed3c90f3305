#pragma once

#include <memory>
#include <string>

#include "store/object_store.h"

namespace sdp::store {

/// The objects of another store whose keys begin with a prefix, without it: so that several lakes can share a
/// bucket. Everything else is as in the other store; its errors name whole keys.
class PrefixedStore final : public ObjectStore {
 public:
  /// `prefix` is a key, such as `team/lake`; `misconfigured` when it is none, or leaves too little room for
  /// keys.
  static Result<std::unique_ptr<ObjectStore>> open(std::unique_ptr<ObjectStore> whole,
                                                   std::string_view prefix);

  Result<bool> ensure_bucket() override { return whole_->ensure_bucket(); }
  Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                             std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<Object> get(std::string_view key) override;
  Result<std::optional<ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override;

 private:
  PrefixedStore(std::unique_ptr<ObjectStore> whole, std::string_view prefix);

  std::string whole_key(std::string_view key) const { return prefix_ + std::string(key); }

  const std::unique_ptr<ObjectStore> whole_;
  const std::string prefix_;  ///< with its '/' at the end
};

}  // namespace sdp::store
