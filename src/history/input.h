#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/bytes.h"

namespace sdp::history {

/// What an export may be at most. A real one has some dozen files and a few hundred megabytes.
struct InputLimits {
  std::size_t files = 10'000;
  std::uint64_t file_bytes = std::uint64_t{4} << 30;
  std::uint64_t total_bytes = std::uint64_t{16} << 30;
  /// How much larger the content of a ZIP file's entry may be than the entry, once it is above a mebibyte.
  std::uint64_t ratio = 200;
};

/// One file of an export, which can be read as often as one likes.
struct InputFile {
  std::string name;        ///< for people: a path, or a path within the ZIP file
  bool is_chosen = false;  ///< the file that was named itself, not one that was found
  std::function<Result<std::unique_ptr<Bytes>>()> open;
};

/// The files of an export by their names: a file, those of a folder and its folders, or those of a ZIP file.
/// Found are only those that may be a history: `.json`, `.jsonl`, `.ndjson`, `.csv`. `misconfigured` when
/// there is no such path; `bad_input` for a ZIP file that is damaged, encrypted or above a limit.
Result<std::vector<InputFile>> find_files(const std::filesystem::path& path, const InputLimits& limits = {});

}  // namespace sdp::history
