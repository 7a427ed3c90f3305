#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"

namespace sdp::store {

/// Makes folders whose names are on disk before anything in them is. A folder that is there already may have
/// been made by another process a moment ago, so its name is made durable too, once for each folder and
/// process: another one that somebody made in its place is another folder. Thread-safe.
class DurableFolders {
 public:
  explicit DurableFolders(bool sync) : sync_(sync) {}

  /// Makes `folder` and what is missing above it, down from `base`, which must be there. False when somebody
  /// removed one of them meanwhile: try again.
  Result<bool> ensure(const std::filesystem::path& base, const std::filesystem::path& folder);
  /// The same of folders that are there: makes none, and says false when one of them is not.
  Result<bool> settle(const std::filesystem::path& base, const std::filesystem::path& folder);

 private:
  Result<bool> walk(const std::filesystem::path& base, const std::filesystem::path& folder, bool make);
  bool is_known(const std::filesystem::path& folder, const std::string& identity) const;
  void remember(const std::filesystem::path& folder, const std::string& identity);

  const bool sync_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string> known_;  ///< identity by path
};

}  // namespace sdp::store
