#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/posix_file.h"

namespace sdp::os {

/// How long the file of somebody else who writes it is waited for.
inline constexpr std::chrono::milliseconds kNewFilePatience{3'000};

/// A file in the making. It has its name once it is whole, in place of what had it, and until then that name
/// with `.new` behind it, which one process at a time has (flock); one that is not finished leaves nothing,
/// and what a killed process left is replaced. Owned by one thread.
class NewFile {
 public:
  /// `cannot_write` where the name is one that check_replaceable() refuses, or nothing can be written;
  /// `fenced` while another process, or another NewFile of this one, is about to write it.
  static Result<NewFile> open(std::filesystem::path path, mode_t mode,
                              std::chrono::milliseconds patience = kNewFilePatience);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  /// `cannot_write` when the disk is full, or the like.
  Result<void> append(std::string_view text);
  /// Makes it durable and gives it its name.
  Result<void> finish();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path unfinished, UniqueFd file);
  Result<void> flush();

  std::filesystem::path path_;
  std::filesystem::path unfinished_;  ///< empty once it is finished
  UniqueFd file_;
  std::string buffer_;
};

}  // namespace sdp::os
