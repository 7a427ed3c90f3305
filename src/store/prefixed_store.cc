#include "store/prefixed_store.h"

#include <fmt/format.h>

#include <utility>

#include "store/object_rules.h"

namespace sdp::store {
namespace {

/// A lake's own keys are far shorter.
constexpr std::size_t kPrefixBytesMax = kKeyBytesMax / 2;

}  // namespace

PrefixedStore::PrefixedStore(std::unique_ptr<ObjectStore> whole, std::string_view prefix)
    : whole_(std::move(whole)), prefix_(fmt::format("{}/", prefix)) {}

Result<std::unique_ptr<ObjectStore>> PrefixedStore::open(std::unique_ptr<ObjectStore> whole,
                                                         std::string_view prefix) {
  if (const auto checked = check_key(prefix); !checked)
    return fail(ErrorKind::misconfigured,
                fmt::format("the prefix in {}: {}", whole->describe(), checked.error().message));
  if (prefix.size() > kPrefixBytesMax) {
    return fail(ErrorKind::misconfigured, fmt::format("the prefix in {} has {} bytes, more than {}",
                                                      whole->describe(), prefix.size(), kPrefixBytesMax));
  }
  return std::unique_ptr<ObjectStore>(new PrefixedStore(std::move(whole), prefix));
}

// Keys are checked before the prefix is put before them, which would hide what is wrong with an empty one.

Result<PutOutcome> PrefixedStore::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                          std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, metadata, content_type));
  return whole_->put_new(whole_key(key), body, metadata, content_type);
}

Result<void> PrefixedStore::put_hint(std::string_view key, std::string_view body,
                                     std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_key(key));
  return whole_->put_hint(whole_key(key), body, content_type);
}

Result<void> PrefixedStore::remove(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  return whole_->remove(whole_key(key));
}

Result<Object> PrefixedStore::get(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  return whole_->get(whole_key(key));
}

Result<std::optional<ObjectHead>> PrefixedStore::head(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  SDP_TRY(auto found, whole_->head(whole_key(key)));
  if (found) found->key = key;
  return found;
}

Result<void> PrefixedStore::list(std::string_view prefix,
                                 const std::function<bool(const ListedObject&)>& visit) {
  SDP_RETURN_IF_ERROR(check_prefix(prefix));
  return whole_->list(whole_key(prefix), [&](const ListedObject& object) {
    return visit({object.key.substr(prefix_.size()), object.bytes});
  });
}

Result<std::vector<std::string>> PrefixedStore::list_folders(std::string_view prefix) {
  SDP_RETURN_IF_ERROR(check_folder_prefix(prefix));
  SDP_TRY(auto folders, whole_->list_folders(whole_key(prefix)));
  for (std::string& folder : folders) folder.erase(0, prefix_.size());
  return folders;
}

std::string PrefixedStore::describe() const {
  return fmt::format("{} below {}", whole_->describe(), prefix_);
}

}  // namespace sdp::store
