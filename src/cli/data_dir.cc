#include "cli/data_dir.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

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

}  // namespace

Result<DataDir> DataDir::open(const std::filesystem::path& path) {
  if (auto made = os::make_folder(path); !made) return in_folder(path, made.error());
  auto lock = os::FileLock::open(path / ".lock");
  if (!lock) return in_folder(path, lock.error());
  const auto locked = lock->try_lock();
  if (!locked) return in_folder(path, locked.error());
  if (!*locked) return in_use(path, lock->read_note().value_or(""));
  if (auto noted = lock->write_note(std::to_string(::getpid())); !noted)
    return in_folder(path, noted.error());
  return DataDir(path, *std::move(lock));
}

Result<DataDir> DataDir::open_to_read(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("there is no data directory {}; create it with `run`, or name another one with --data",
                    path.string()));
  }
  auto lock = os::FileLock::open_to_read(path / ".lock");
  if (!lock) return in_folder(path, lock.error());
  if (!*lock) return DataDir(path, std::nullopt);
  const auto locked = (*lock)->try_lock_shared();
  if (!locked) return in_folder(path, locked.error());
  if (!*locked) return in_use(path, (*lock)->read_note().value_or(""));
  return DataDir(path, *std::move(lock));
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
