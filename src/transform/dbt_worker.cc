#include "transform/dbt_worker.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "diag/log.h"
#include "os/child.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "transform/dbt_worker_program.h"
#include "transform/work_dir.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// Its calls have limits of their own.
constexpr std::chrono::hours kTimeMax{24 * 365 * 10};
constexpr mode_t kOnlyOwner = 0600;
constexpr std::string_view kFolder = "spotify-dbt-";
/// Held as long as somebody works in the folder.
constexpr std::string_view kLock = "lock";
/// After that nobody is about to make its lock.
constexpr std::chrono::minutes kMaking{1};

bool is_abandoned(const fs::path& folder) {
  std::error_code none;
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(folder, none);
  if (none || age < kMaking) return false;
  auto lock = os::FileLock::open_to_read(folder / kLock);
  return lock && (!*lock || (*lock)->try_lock().value_or(false));
}

/// Processes that were killed leave theirs.
void remove_abandoned(const fs::path& parent) {
  std::error_code none;
  std::vector<fs::path> abandoned;
  for (auto entry = fs::directory_iterator(parent, none); !none && entry != fs::directory_iterator();
       entry.increment(none)) {
    if (entry->path().filename().string().starts_with(kFolder) && is_abandoned(entry->path()))
      abandoned.push_back(entry->path());
  }
  for (const fs::path& folder : abandoned) fs::remove_all(folder, none);
}

/// Not below the work folder, whose path may be longer than that of a socket may be.
Result<fs::path> make_folder() {
  std::error_code none;
  const fs::path parent = fs::temp_directory_path(none);
  if (!none) remove_abandoned(parent);
  std::string name = (parent / std::string(kFolder).append("XXXXXX")).string();
  if (none || ::mkdtemp(name.data()) == nullptr) {
    return fail(ErrorKind::cannot_write,
                fmt::format("no folder for dbt's socket at {}: {}; set TMPDIR to a place for it", name,
                            std::strerror(errno)));
  }
  if (name.size() + sizeof "/socket" > sizeof sockaddr_un{}.sun_path) {
    fs::remove(name, none);
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the path of a socket in {} is too long for Linux; set TMPDIR to a shorter one", name));
  }
  return fs::path(name);
}

std::string adapter(const TransformOptions& options) {
  return options.warehouse_path.empty() ? "snowflake" : "duckdb";
}

}  // namespace

Result<std::unique_ptr<DbtWorker>> DbtWorker::start(const TransformOptions& options, std::stop_token stop) {
  const std::string python = (fs::absolute(options.dbt_path).parent_path() / "python").string();
  if (::access(python.c_str(), X_OK) != 0) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("no Python beside {}, by which dbt could be kept loaded", options.dbt_path.string()));
  }
  SDP_TRY(fs::path folder, make_folder());
  const std::string program = (folder / "dbt_worker.py").string();
  const std::string socket = (folder / "socket").string();
  // The caller is to begin at once: it needs nothing of the environment of Python that dbt is in.
  std::unique_ptr<DbtWorker> worker(
      new DbtWorker(std::move(folder), {python, "-ISB", program, "call", socket}));
  SDP_TRY(worker->lock_, os::FileLock::open(worker->folder_ / kLock, kOnlyOwner));
  SDP_RETURN_IF_ERROR(worker->lock_->try_lock());
  SDP_RETURN_IF_ERROR(os::write_file(program, kDbtWorkerProgram, kOnlyOwner));
  os::Command command{.arguments = {python, "-BP", program, "serve", socket, adapter(options)},
                      .environment = dbt_environment(options),
                      .folder = fs::absolute(options.work_dir),
                      .log = work_file(options.work_dir, WorkFile::worker_log)};
  SDP_RETURN_IF_ERROR(os::make_folder(options.work_dir));
  worker->thread_ = std::jthread([self = worker.get(), command = std::move(command),
                                  stop = std::move(stop)](std::stop_token not_needed) {
    const auto end = os::run_child(command, {.total = kTimeMax}, std::move(not_needed));
    if (end && !stop.stop_requested()) diag::log_event("transform.worker_ended", {{"code", end->code}});
    self->is_running_ = false;
  });
  return worker;
}

DbtWorker::~DbtWorker() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  std::error_code none;
  fs::remove_all(folder_, none);
}

}  // namespace sdp::transform
