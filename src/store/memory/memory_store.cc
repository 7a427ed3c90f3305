#include "store/memory/memory_store.h"

#include <fmt/format.h>

#include "store/object_rules.h"

namespace sdp::store {

Result<void> MemoryStore::check_bucket() const {
  if (has_bucket_) return {};
  return fail(ErrorKind::misconfigured, "memory: there is no bucket; create it first");
}

Result<bool> MemoryStore::ensure_bucket() {
  std::lock_guard lock(mutex_);
  return !std::exchange(has_bucket_, true);
}

Result<PutOutcome> MemoryStore::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                        std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, metadata, content_type));
  Object object{std::string(body.bytes), metadata};
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  const bool created = objects_.try_emplace(std::string(key), std::move(object)).second;
  return created ? PutOutcome::created : PutOutcome::exists;
}

Result<void> MemoryStore::put_hint(std::string_view key, std::string_view body,
                                   std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, {}, content_type));
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  objects_.insert_or_assign(std::string(key), Object{std::string(body), {}});
  return {};
}

Result<void> MemoryStore::remove(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  if (const auto found = objects_.find(key); found != objects_.end()) objects_.erase(found);
  return {};
}

Result<Object> MemoryStore::get(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  const auto found = objects_.find(key);
  if (found == objects_.end())
    return fail(ErrorKind::bad_input, fmt::format("memory: there is no object {}", key));
  return found->second;
}

Result<std::optional<ObjectHead>> MemoryStore::head(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return ObjectHead{found->first, found->second.body.size(), found->second.metadata};
}

Result<void> MemoryStore::list(std::string_view prefix,
                               const std::function<bool(const ListedObject&)>& visit) {
  SDP_RETURN_IF_ERROR(check_prefix(prefix));
  std::vector<ListedObject> listed;
  {
    std::lock_guard lock(mutex_);
    SDP_RETURN_IF_ERROR(check_bucket());
    for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix);
         ++at) {
      listed.push_back({at->first, at->second.body.size()});
    }
  }
  for (const ListedObject& object : listed) {
    if (!visit(object)) break;
  }
  return {};
}

Result<std::vector<std::string>> MemoryStore::list_folders(std::string_view prefix) {
  SDP_RETURN_IF_ERROR(check_folder_prefix(prefix));
  std::vector<std::string> folders;
  std::lock_guard lock(mutex_);
  SDP_RETURN_IF_ERROR(check_bucket());
  for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix);) {
    const std::size_t slash = at->first.find('/', prefix.size());
    if (slash == std::string::npos) {
      ++at;
      continue;
    }
    std::string folder = at->first.substr(0, slash + 1);
    // '0' follows '/': the first key after everything in the folder.
    std::string next = at->first.substr(0, slash) + '0';
    folders.push_back(std::move(folder));
    at = objects_.lower_bound(next);
  }
  return folders;
}

}  // namespace sdp::store
