#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/posix_file.h"

namespace sdp::cli {

/// The side file with the labels of faulty records. It has its name once it is whole, and until then that
/// name with
/// `.new` behind it; a run that fails leaves none. Owned by one thread.
class LabelFile {
 public:
  static Result<LabelFile> open(std::filesystem::path path);
  LabelFile(LabelFile&& other) noexcept;
  LabelFile& operator=(LabelFile&&) = delete;
  ~LabelFile();

  /// `cannot_write` when the disk is full, or the like.
  Result<void> append(std::string_view lines);
  /// Makes it durable and gives it its name.
  Result<void> finish();

 private:
  LabelFile(std::filesystem::path path, os::UniqueFd file);
  Result<void> flush();

  std::filesystem::path path_;
  std::filesystem::path unfinished_;  ///< empty once it is finished
  os::UniqueFd file_;
  std::string buffer_;
};

/// Nothing where the path is empty.
Result<std::optional<LabelFile>> open_labels(const std::string& path);

}  // namespace sdp::cli
