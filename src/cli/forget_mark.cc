#include "cli/forget_mark.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/retry.h"
#include "os/files.h"
#include "os/posix_file.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kForgettingFolder = ".forgetting";
constexpr std::string_view kForgetMark = "mark.json";
constexpr std::string_view kForgetLock = ".lock";
/// Whoever asks whether the folder is held, holds it for a moment.
constexpr std::chrono::milliseconds kForgetPatience{3'000};
constexpr std::chrono::milliseconds kForgetLookEvery{20};

/// Whether a process works there now.
Result<bool> is_forgetting_held(const fs::path& folder) {
  SDP_TRY(auto lock, os::FileLock::open_to_read(folder / kForgetLock));
  if (!lock) return false;
  SDP_TRY(const bool is_free, lock->try_lock_shared());
  return !is_free;
}

std::unexpected<Error> forget_is_at_work(const fs::path& warehouse) {
  return fail(ErrorKind::fenced,
              fmt::format("DuckDB {}: a `forget` writes it without the rows of a person; wait for it to end",
                          warehouse.string()));
}

std::unexpected<Error> forget_was_stopped(const fs::path& warehouse, const ForgetMark& mark) {
  return fail(ErrorKind::misconfigured,
              fmt::format("DuckDB {}: a `forget` was stopped before its end, and rows of the person may be "
                          "left there; run it again: {}",
                          warehouse.string(), mark.command));
}

Result<void> check_mark(const WarehouseSettings& warehouse, bool also_at_work) {
  if (warehouse.is_snowflake() || warehouse.is_forgetting) return {};
  SDP_TRY(const auto mark, read_forget_mark(warehouse.place));
  if (!mark) return {};
  SDP_TRY(const bool held, is_forgetting_held(forgetting_folder(warehouse.place)));
  if (held) return also_at_work ? forget_is_at_work(warehouse.place) : Result<void>{};
  // It may have ended since the mark was read.
  SDP_TRY(const auto still, read_forget_mark(warehouse.place));
  if (!still) return {};
  return forget_was_stopped(warehouse.place, *still);
}

}  // namespace

fs::path forgetting_folder(const fs::path& warehouse) {
  // Behind a link, where the file is that is replaced.
  std::error_code unknown;
  fs::path file = fs::weakly_canonical(warehouse, unknown);
  return (unknown ? warehouse : file).parent_path() / kForgettingFolder;
}

Result<std::optional<ForgetMark>> read_forget_mark(const fs::path& warehouse) {
  const fs::path path = forgetting_folder(warehouse) / kForgetMark;
  SDP_TRY(const auto text, os::read_file(path));
  if (!text) return std::nullopt;
  const json object = json::parse(*text, nullptr, false);
  try {
    return ForgetMark{.user_id = object.at("user_id").get<std::string>(),
                      .topic_ids = object.at("topic_ids").get<std::set<std::string>>(),
                      .command = object.at("command").get<std::string>()};
  } catch (const json::exception&) {
    return fail(ErrorKind::bad_input,
                fmt::format("{} cannot be read; remove it, and run `forget` again for the person whose rows "
                            "it was to remove",
                            path.string()));
  }
}

Result<void> write_forget_mark(const fs::path& warehouse, const ForgetMark& mark) {
  const json object{{"schema_version", 1},
                    {"user_id", mark.user_id},
                    {"topic_ids", mark.topic_ids},
                    {"command", mark.command}};
  return os::write_file(forgetting_folder(warehouse) / kForgetMark, object.dump() + "\n", 0600);
}

Result<os::FileLock> hold_forgetting(const fs::path& warehouse) {
  const fs::path folder = forgetting_folder(warehouse);
  Result<std::optional<os::FileLock>> lock;
  const auto try_once = [&]() -> Result<bool> {
    SDP_RETURN_IF_ERROR(os::make_folder(folder));
    SDP_TRY(lock, os::FileLock::open_in_folder(folder / kForgetLock, 0600));
    if (!*lock) return false;
    SDP_TRY(const bool locked, (*lock)->try_lock());
    // Whoever ended meanwhile removed the folder with its lock.
    return locked && (*lock)->has_name();
  };
  Result<bool> tried = false;
  base::try_until(base::system_clock(), kForgetPatience, kForgetLookEvery, [&] {
    tried = try_once();
    return !tried || *tried;
  });
  if (!tried) return std::unexpected(tried.error());
  if (!*tried) return forget_is_at_work(warehouse);
  return std::move(**lock);
}

Result<void> remove_forgetting(const fs::path& warehouse) {
  const fs::path folder = forgetting_folder(warehouse);
  std::error_code failure;
  std::vector<fs::path> all;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const fs::path name = entry->path().filename();
    if (name != kForgetMark && name != kForgetLock) all.push_back(entry->path());
  }
  all.push_back(folder / kForgetMark);
  all.push_back(folder);
  for (const fs::path& path : all) {
    if (!failure) fs::remove_all(path, failure);
    if (failure) return os::posix_error(failure.value(), os::Access::write, "remove", path);
  }
  return os::sync_folder(folder.parent_path());
}

Result<void> check_not_forgetting(const WarehouseSettings& warehouse) {
  return check_mark(warehouse, true);
}

Result<void> check_not_half_forgotten(const WarehouseSettings& warehouse) {
  return check_mark(warehouse, false);
}

}  // namespace sdp::cli
