#pragma once

#include <filesystem>
#include <mutex>
#include <unordered_set>

#include "base/result.h"

namespace sdp::store {

/// Makes folders whose names are on disk before anything in them is. A folder that is there already may have
/// been made by another process a moment ago, so its name is made durable too, once for each folder and
/// process. Thread-safe.
class DurableFolders {
 public:
  explicit DurableFolders(bool sync) : sync_(sync) {}

  /// Makes `folder` and what is missing above it, down from `base`, which must be there. False when somebody
  /// removed one of them meanwhile: try again.
  Result<bool> ensure(const std::filesystem::path& base, const std::filesystem::path& folder);
  /// Somebody removed folders behind our back: look again.
  void forget();

 private:
  bool is_known(const std::filesystem::path& folder) const;
  void remember(const std::filesystem::path& folder);

  const bool sync_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> known_;
};

/// The deepest folder on the way to `path` that is there.
std::filesystem::path existing_ancestor(const std::filesystem::path& path);

}  // namespace sdp::store
