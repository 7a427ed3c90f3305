#include "cli/data_dir.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "os/files.h"

namespace sdp::cli {
namespace {

std::unexpected<Error> in_folder(const std::filesystem::path& path, const Error& error) {
  return std::unexpected(Error{error.kind, fmt::format("data directory {}: {}. --data takes another one",
                                                       path.string(), error.message)});
}

/// `note` is the process id that the last writer left. That process may have ended since, and readers hold
/// the folder.
std::unexpected<Error> in_use(const std::filesystem::path& path, const std::string& note) {
  pid_t writer = 0;
  const auto [end, error] = std::from_chars(note.data(), note.data() + note.size(), writer);
  const bool is_alive = error == std::errc() && writer > 0 && (::kill(writer, 0) == 0 || errno == EPERM);
  const std::string holder = is_alive ? fmt::format("process {}", writer) : "another process";
  return fail(ErrorKind::fenced,
              fmt::format("data directory {} is in use by {}; wait for it, or choose another with --data",
                          path.string(), holder));
}

std::unexpected<Error> is_missing(const std::filesystem::path& path) {
  return fail(
      ErrorKind::misconfigured,
      fmt::format("there is no data directory {}; create it with `run`, or name another one with --data",
                  path.string()));
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// `forget` removes a folder with its lock, and `run` may make it again at once. Who opened the lock before
/// that gets one that keeps nobody out, and asks again.
constexpr int kAskedMax = 100;
/// How often the folder may go between being made and being locked, and how soon that is tried again.
constexpr int kGoneMax = 5;
constexpr std::chrono::milliseconds kPause{5};

}  // namespace

Result<DataDir> DataDir::open(const std::filesystem::path& path) {
  return hold(path, true);
}

Result<DataDir> DataDir::open_there(const std::filesystem::path& path) {
  return hold(path, false);
}

Result<DataDir> DataDir::hold(const std::filesystem::path& path, bool create) {
  int gone = 0;
  for (int asked = 0; asked < kAskedMax; ++asked) {
    if (create) {
      if (auto made = os::make_folder(path); !made) return in_folder(path, made.error());
    }
    const auto file = path / ".lock";
    auto opened = os::FileLock::open_in_folder(file);
    if (!opened) return in_folder(path, opened.error());
    auto& lock = *opened;
    if (!lock) {
      if (!create && !is_there(path)) return is_missing(path);
      if (++gone == kGoneMax)
        return in_folder(path,
                         os::posix_error(ENOENT, os::Access::write, "open the lock file", file).error());
      base::system_clock().sleep_for(kPause);
      continue;
    }
    const auto locked = lock->try_lock();
    if (!locked) return in_folder(path, locked.error());
    if (!*locked) return in_use(path, lock->read_note().value_or(""));
    if (!lock->has_name()) continue;
    if (auto noted = lock->write_note(std::to_string(::getpid())); !noted)
      return in_folder(path, noted.error());
    return DataDir(path, std::move(lock));
  }
  return in_use(path, "");
}

Result<DataDir> DataDir::open_to_read(const std::filesystem::path& path) {
  for (int asked = 0; asked < kAskedMax; ++asked) {
    if (!is_there(path)) return is_missing(path);
    auto lock = os::FileLock::open_to_read(path / ".lock");
    if (!lock) return in_folder(path, lock.error());
    if (!*lock) return DataDir(path, std::nullopt);
    const auto locked = (*lock)->try_lock_shared();
    if (!locked) return in_folder(path, locked.error());
    if (!*locked) return in_use(path, (*lock)->read_note().value_or(""));
    if ((*lock)->has_name()) return DataDir(path, *std::move(lock));
  }
  return in_use(path, "");
}

Result<void> check_duckdb_path(std::string_view path) {
  if (!path.contains('?')) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "warehouse {}: DuckDB does not take what stands behind a ? for a part of the name; choose a "
          "file and a folder without one",
          path));
}

}  // namespace sdp::cli
