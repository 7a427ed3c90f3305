#pragma once

#include <map>
#include <mutex>

#include "store/object_store.h"

namespace sdp::store {

/// A bucket in this process, for tests and simulation: the contract of ObjectStore to the letter, without
/// durability. Thread-safe; `list` works on a copy of the names, so `visit` may call back.
class MemoryStore final : public ObjectStore {
 public:
  /// The bucket is there from the start.
  MemoryStore() = default;
  enum class Bucket { present, missing };
  explicit MemoryStore(Bucket bucket) : has_bucket_(bucket == Bucket::present) {}

  Result<bool> ensure_bucket() override;
  Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                             std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<Object> get(std::string_view key) override;
  Result<std::optional<ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override { return "memory"; }

 private:
  Result<void> check_bucket() const;

  mutable std::mutex mutex_;
  bool has_bucket_ = true;
  std::map<std::string, Object, std::less<>> objects_;
};

}  // namespace sdp::store
