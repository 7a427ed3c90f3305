#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/posix_file.h"

namespace sdp::site {

/// What a browser gets of a published file, piece by piece: some text, the begin of the file, some more text.
/// The file is open, so that a publication that is removed meanwhile can be read to its end.
class OpenFile {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

  /// Text alone.
  explicit OpenFile(std::string text) : before_(std::move(text)) {}
  /// Nothing when there is no such file. `bad_input` when it has more than `bytes_max`, or is not a file.
  static Result<std::optional<OpenFile>> open(const std::filesystem::path& path, std::uintmax_t bytes_max);

  /// From here on, the file's first bytes with text around them.
  void wrap(std::string before, std::uint64_t file_bytes, std::string after);

  std::uint64_t size() const { return before_.size() + file_bytes_ + after_.size(); }
  /// Changes with the file; letters and digits.
  const std::string& stamp() const { return stamp_; }

  /// The next bytes; empty at the end. `bad_input` when the file became shorter.
  Result<std::string> next();
  /// All of them, which next() gives again.
  Result<std::string> read() const;

 private:
  Result<std::string> piece_at(std::uint64_t at, std::size_t bytes_max) const;

  std::filesystem::path path_;
  os::UniqueFd fd_;
  std::string before_;
  std::uint64_t file_bytes_ = 0;
  std::string after_;
  std::string stamp_;
  std::uint64_t at_ = 0;
};

}  // namespace sdp::site
