#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"

namespace sdp::history {

using Days = std::set<std::chrono::sys_days>;

/// The file, in the folder of a person.
inline constexpr std::string_view kLedgerName = "imported.jsonl";
/// Target of what went into the lake beside that file.
inline constexpr std::string_view kInLake = "lake";

/// What is remembered of a file that was imported. Nothing of it says what was heard.
struct ImportedFile {
  std::string sha256;
  std::string target;  ///< where its events went: a topic's id, or kInLake
  Uuid user;
  Days extended_days;  ///< UTC days on which Spotify's extended history has rows
  Days account_days;   ///< the same of Spotify's account data, without those that the other covers

  bool operator==(const ImportedFile&) const = default;
};

/// A person's imports: a file of JSON lines in the folder of the person (docs/formats/imports.md). A file
/// that is not there yet has none.
Result<std::vector<ImportedFile>> read_imports(const std::filesystem::path& path);
/// Replaces the file, which only its owner may read, by one that has `files`, too.
Result<void> add_imports(const std::filesystem::path& path, const std::vector<ImportedFile>& files);

}  // namespace sdp::history
