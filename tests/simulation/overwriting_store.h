#pragma once

#include <map>
#include <string>

#include "store/object_store.h"

namespace sdp::simulation {

/// What a store is that ignores If-None-Match: every put succeeds and the last one stands. Single-threaded.
class OverwritingStore final : public store::ObjectStore {
 public:
  Result<bool> ensure_bucket() override { return false; }

  Result<store::PutOutcome> put_new(std::string_view key, const store::Body& body,
                                    const store::Metadata& metadata, std::string_view) override {
    objects_[std::string(key)] = {std::string(body.bytes), metadata};
    return store::PutOutcome::created;
  }

  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view) override {
    objects_[std::string(key)] = {std::string(body), {}};
    return {};
  }

  Result<void> remove(std::string_view key) override {
    objects_.erase(std::string(key));
    return {};
  }

  Result<store::Object> get(std::string_view key) override {
    const auto at = objects_.find(std::string(key));
    if (at == objects_.end()) return fail(ErrorKind::bad_input, "no object " + std::string(key));
    return at->second;
  }

  Result<std::optional<store::ObjectHead>> head(std::string_view key) override {
    const auto at = objects_.find(std::string(key));
    if (at == objects_.end()) return std::optional<store::ObjectHead>();
    return std::optional<store::ObjectHead>({at->first, at->second.body.size(), at->second.metadata});
  }

  Result<void> list(std::string_view prefix,
                    const std::function<bool(const store::ListedObject&)>& visit) override {
    for (auto at = objects_.lower_bound(std::string(prefix)); at != objects_.end(); ++at) {
      if (!at->first.starts_with(prefix) || !visit({at->first, at->second.body.size()})) break;
    }
    return {};
  }

  Result<std::vector<std::string>> list_folders(std::string_view prefix) override {
    std::vector<std::string> folders;
    SDP_RETURN_IF_ERROR(list(prefix, [&](const store::ListedObject& object) {
      const auto slash = object.key.find('/', prefix.size());
      if (slash == std::string::npos) return true;
      std::string folder = object.key.substr(0, slash + 1);
      if (folders.empty() || folders.back() != folder) folders.push_back(std::move(folder));
      return true;
    }));
    return folders;
  }

  std::string describe() const override { return "store that overwrites"; }

 private:
  std::map<std::string, store::Object> objects_;
};

}  // namespace sdp::simulation
