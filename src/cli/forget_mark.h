#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "cli/settings.h"
#include "os/file_lock.h"

namespace sdp::cli {

/// Where `forget` works while a DuckDB warehouse is written without a person: the folder `.forgetting` beside
/// the file. It is there from before the first change until after the last one, and so is this mark in it.
struct ForgetMark {
  std::string user_id;
  std::set<std::string> topic_ids;
  std::string command;  ///< that finishes it, for people
};

std::filesystem::path forgetting_folder(const std::filesystem::path& warehouse);

/// Nothing when no `forget` is at work, nor was stopped there. `bad_input` when it cannot be read.
Result<std::optional<ForgetMark>> read_forget_mark(const std::filesystem::path& warehouse);
/// Makes the folder, where it is missing. Durable.
Result<void> write_forget_mark(const std::filesystem::path& warehouse, const ForgetMark& mark);
/// For whoever is to work there: `fenced` while another process does.
Result<os::FileLock> hold_forgetting(const std::filesystem::path& warehouse);
/// All that was made there; the mark goes last.
Result<void> remove_forgetting(const std::filesystem::path& warehouse);

/// For all who open the warehouse: `fenced` while a `forget` writes it, `misconfigured` when one was stopped,
/// with the command that finishes it.
Result<void> check_not_forgetting(const WarehouseSettings& warehouse);
/// For all who read what is published, which stays whole meanwhile: only the latter.
Result<void> check_not_half_forgotten(const WarehouseSettings& warehouse);

}  // namespace sdp::cli
