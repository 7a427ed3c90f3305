#include "cli/data_dir.h"

#include <fmt/core.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "os/files.h"

namespace sdp::cli {
Result<DataDir> DataDir::open(const std::filesystem::path& path) {
  const auto here = [&](const Error& error) {
    return std::unexpected(Error{
        error.kind,
        fmt::format("data directory {}: {}; or choose another with --data", path.string(), error.message)});
  };
  if (auto made = os::make_folder(path); !made) return here(made.error());
  auto lock = os::FileLock::open(path / ".lock");
  if (!lock) return here(lock.error());
  const auto locked = lock->try_lock();
  if (!locked) return here(locked.error());
  if (!*locked) {
    return fail(ErrorKind::fenced,
                fmt::format("data directory {} is in use by process {}; wait for it, or choose another "
                            "with --data",
                            path.string(), lock->read_note().value_or("unknown")));
  }
  if (auto noted = lock->write_note(std::to_string(::getpid())); !noted) return here(noted.error());
  return DataDir(path, *std::move(lock));
}

Result<DataDir> DataDir::open_existing(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open(path);
  return fail(
      ErrorKind::misconfigured,
      fmt::format("data directory {} is not there; `run` makes one, --data names another", path.string()));
}

}  // namespace sdp::cli
