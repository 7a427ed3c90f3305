#include "cli/forget_warehouse.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "cli/publish.h"
#include "cli/run_transform.h"
#include "diag/log.h"
#include "os/posix_file.h"
#include "publish/published_folder.h"
#include "site/static_site.h"
#include "snapshot/proof.h"
#include "snapshot/snapshot_json.h"
#include "transform/dbt_child.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;
using warehouse::duckdb::Connection;

constexpr std::string_view kReportNowhere = "none";
constexpr std::chrono::milliseconds kWait{20};

Result<void> failed_to(const std::error_code& failure, std::string_view action, const fs::path& path) {
  if (!failure) return {};
  return os::posix_error(failure.value(), os::Access::write, action, path);
}

bool is_name_taken(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(fs::symlink_status(path, unknown));
}

/// The data folder of an embedded run; nothing where the warehouse stands alone.
std::optional<fs::path> data_around(const fs::path& warehouse) {
  fs::path data = warehouse.parent_path().parent_path();
  if (embedded_warehouse(data) != warehouse || !is_name_taken(data / ".lock")) return std::nullopt;
  return data;
}

/// What a process that was killed left beside the file: DuckDB's drafts, and what did not fit into memory.
std::vector<fs::path> left_beside(const fs::path& warehouse) {
  std::vector<fs::path> found;
  const std::string name = warehouse.filename();
  std::error_code failure;
  for (auto entry = fs::directory_iterator(warehouse.parent_path(), failure);
       !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    const std::string other = entry->path().filename();
    if (other == name + ".tmp" || other.starts_with(name + ".new-")) found.push_back(entry->path());
  }
  return found;
}

Result<void> remove_whole(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  return failed_to(failure, "remove", path);
}

/// Of files and of folders with all that is in them.
Result<history::Extent> extent_of_all(const std::vector<fs::path>& paths) {
  history::Extent all;
  for (const fs::path& path : paths) {
    std::error_code unknown;
    if (fs::is_directory(fs::symlink_status(path, unknown))) {
      SDP_TRY(const auto extent, history::extent_of(path));
      all.files += extent.files;
      all.bytes += extent.bytes;
      continue;
    }
    const auto bytes = fs::file_size(path, unknown);
    ++all.files;
    if (!unknown) all.bytes += bytes;
  }
  return all;
}

/// Changes of the log would be replayed into whatever file has the name then.
Result<void> check_no_log(const fs::path& file) {
  fs::path log = file;
  log += ".wal";
  if (!is_name_taken(log)) return {};
  return fail(ErrorKind::fatal,
              fmt::format("DuckDB {}: its log was not written into the file", file.string()));
}

Result<void> sync_whole(const fs::path& file) {
  const os::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return os::posix_error(errno, os::Access::write, "open", file);
  return os::sync_file(fd.get(), file);
}

}  // namespace

WarehouseForgetting::WarehouseForgetting(SharedWarehouse shared, warehouse::duckdb::ToForget what)
    : shared_(std::move(shared)), what_(std::move(what)), place_(shared_.warehouse.place) {}

Result<WarehouseForgetting> WarehouseForgetting::open(SharedWarehouse shared,
                                                      warehouse::duckdb::ToForget what, bool to_write) {
  WarehouseForgetting it(std::move(shared), std::move(what));
  SDP_RETURN_IF_ERROR(check_duckdb_path(it.place_.native()));
  std::error_code failure;
  it.file_ = fs::canonical(it.place_, failure);
  if (failure) {
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no warehouse {}: {}", it.place_.string(), failure.message()));
  }
  it.draft_ = forgetting_folder(it.file_) / it.file_.filename();
  const auto data = data_around(it.place_);
  if (data) {
    SDP_TRY(it.data_, to_write ? DataDir::open_there(*data) : DataDir::open_to_read(*data));
  }
  if (it.shared_.work_dir_was_set) it.work_dirs_.emplace_back(it.shared_.transform.work_dir);
  if (it.data_ && is_name_taken(it.data_->transform())) it.work_dirs_.push_back(it.data_->transform());
  if (it.work_dirs_.empty()) it.work_dirs_.emplace_back(it.shared_.transform.work_dir);
  it.shared_.transform.work_dir = it.work_dirs_.front();
  it.shared_.warehouse.is_forgetting = true;
  SDP_RETURN_IF_ERROR(it.look());
  return it;
}

Result<void> WarehouseForgetting::look() {
  SDP_TRY(const auto mark, read_forget_mark(file_));
  if (mark && mark->user_id != what_.user_id) {
    return fail(ErrorKind::misconfigured,
                fmt::format("DuckDB {}: a `forget` of user {} was stopped there; finish it first: {}",
                            place_.string(), mark->user_id, mark->command));
  }
  found_.is_unfinished = mark.has_value();
  // Its lake may be gone already.
  if (mark) what_.topic_ids.insert(mark->topic_ids.begin(), mark->topic_ids.end());
  warehouse::duckdb::DuckDbOptions options = duckdb_options(shared_.warehouse);
  options.path = file_;
  options.read_only = true;
  SDP_TRY(Connection connection, Connection::open(options));
  SDP_TRY(found_.rows, warehouse::duckdb::find_topics(connection, what_));
  if (!found_.has_any()) return {};
  SDP_RETURN_IF_ERROR(warehouse::duckdb::check_only_ours(connection));
  if (is_published(shared_.warehouse) && is_name_taken(published_folder(shared_.warehouse))) {
    SDP_TRY(found_.published, history::extent_of(published_folder(shared_.warehouse)));
  }
  for (const fs::path& folder : work_dirs_) {
    SDP_TRY(const auto extent, extent_of_all(transform::files_of_work_dir(folder)));
    found_.work.files += extent.files;
    found_.work.bytes += extent.bytes;
  }
  fs::path report = shared_.report;
  if (report.empty() && data_) report = data_->path() / "report.html";
  if (report != kReportNowhere && is_name_taken(report)) found_.files.push_back(report);
  for (fs::path& path : left_beside(file_)) found_.files.push_back(std::move(path));
  return {};
}

Result<void> WarehouseForgetting::step(std::string_view name, const Runtime& runtime) const {
  diag::log_event("forget.step", {{"path", place_.string()}, {"step", name}});
  while (name == shared_.waits_at && !runtime.stop.stop_requested()) runtime.clock.sleep_for(kWait);
  if (!runtime.stop.stop_requested()) return {};
  return fail(ErrorKind::interrupted,
              is_switched_ ? "stopped before the end; run `forget` again, which goes on from here"
                           : "stopped; the warehouse is as it was");
}

// Killed at any moment, the warehouse is whole, with all rows of the person or with none, and commands that
// open it say which `forget` is to be run again. That does the steps from the first that is not done.
Result<void> WarehouseForgetting::carry_out(const std::string& command, const Runtime& runtime) {
  // 1. Nobody else builds, and whoever opens the warehouse from now on is told of this.
  std::vector<os::FileLock> held;
  for (const fs::path& folder : work_dirs_) {
    SDP_TRY(auto lock, transform::hold_work_dir(folder));
    held.push_back(std::move(lock));
  }
  SDP_TRY(const auto lock, hold_forgetting(file_));
  SDP_RETURN_IF_ERROR(step("mark", runtime));
  SDP_RETURN_IF_ERROR(
      write_forget_mark(file_, {.user_id = what_.user_id, .topic_ids = what_.topic_ids, .command = command}));
  // 2. to 5. The file, unless that was done before.
  if (!found_.rows.tables.empty()) {
    if (auto rewritten = rewrite(runtime); !rewritten) {
      if (!is_switched_) (void)remove_forgetting(file_).has_value();
      return rewritten;
    }
  }
  is_switched_ = true;
  // 6. What was made of the warehouse as it was.
  SDP_RETURN_IF_ERROR(step("published", runtime));
  SDP_RETURN_IF_ERROR(replace_published(runtime));
  SDP_RETURN_IF_ERROR(step("files", runtime));
  for (const fs::path& path : found_.files) SDP_RETURN_IF_ERROR(remove_whole(path));
  // 7. The mark.
  SDP_RETURN_IF_ERROR(step("end", runtime));
  return remove_forgetting(file_);
}

Result<void> WarehouseForgetting::rewrite(const Runtime& runtime) {
  warehouse::duckdb::DuckDbOptions options = duckdb_options(shared_.warehouse);
  options.path = file_;
  // 2. Open until another file has its name, so that nobody adds to this one meanwhile.
  SDP_TRY(Connection old, Connection::open(options));
  SDP_RETURN_IF_ERROR(old.execute("CHECKPOINT"));
  SDP_RETURN_IF_ERROR(check_no_log(file_));
  SDP_RETURN_IF_ERROR(copy_and_build(old, runtime));
  // 5. The switch. Durable: no crash brings the old file back.
  SDP_RETURN_IF_ERROR(step("switch", runtime));
  std::error_code failure;
  fs::permissions(draft_, fs::status(file_, failure).permissions(), failure);
  SDP_RETURN_IF_ERROR(failed_to(failure, "protect", draft_));
  SDP_RETURN_IF_ERROR(sync_whole(draft_));
  fs::rename(draft_, file_, failure);
  SDP_RETURN_IF_ERROR(failed_to(failure, "replace", file_));
  is_switched_ = true;
  return os::sync_folder(file_.parent_path());
}

Result<void> WarehouseForgetting::copy_and_build(Connection& old, const Runtime& runtime) {
  WarehouseSettings draft = shared_.warehouse;
  draft.place = draft_;
  SDP_TRY(const auto dbt, transform_options(shared_.transform, draft));
  SDP_TRY(const std::string mapping, warehouse::duckdb::mapping_of(old));
  if (mapping != dbt.mapping_digest) {
    return fail(ErrorKind::misconfigured,
                fmt::format("DuckDB {}: its marts were built with {} mapping; name the same one by --mapping",
                            place_.string(), mapping.empty() ? "no" : "another"));
  }

  SDP_RETURN_IF_ERROR(transform::check_dbt(dbt));

  // 3. A file that has bronze without the person; nothing of another one that was begun.
  SDP_RETURN_IF_ERROR(step("copy", runtime));
  for (const std::string_view end : {"", ".wal", ".tmp"}) {
    fs::path path = draft_;
    path += end;
    SDP_RETURN_IF_ERROR(remove_whole(path));
  }
  SDP_RETURN_IF_ERROR(warehouse::duckdb::copy_without(old, what_, draft_));
  // dbt needs the memory now.
  (void)old.execute("SET memory_limit = '64MB'").has_value();

  // 4. Silver and marts, as for a warehouse that never had it, and what dbt kept of its earlier builds.
  SDP_RETURN_IF_ERROR(step("build", runtime));
  for (const fs::path& folder : work_dirs_) {
    for (const fs::path& path : transform::files_of_work_dir(folder)) SDP_RETURN_IF_ERROR(remove_whole(path));
  }
  SDP_RETURN_IF_ERROR(run_transform(dbt, runtime.stop));
  SDP_RETURN_IF_ERROR(step("check", runtime));
  {
    SDP_TRY(Connection fresh, Connection::open(duckdb_options(draft)));
    SDP_RETURN_IF_ERROR(warehouse::duckdb::check_forgotten(fresh, what_, !found_.rows.elsewhere.empty()));
    SDP_RETURN_IF_ERROR(fresh.execute("CHECKPOINT"));
  }
  return check_no_log(draft_);
}

Result<void> WarehouseForgetting::replace_published(const Runtime& runtime) {
  if (!is_published(shared_.warehouse)) return {};
  const fs::path root = published_folder(shared_.warehouse);
  if (!is_name_taken(root)) return {};
  // What was proved of the warehouse as it was may name objects of the person's lake.
  if (const auto current = publish::current_publication(root)) {
    SDP_RETURN_IF_ERROR(remove_whole(*current / snapshot::kProofFile));
  }
  SDP_TRY(const auto publication, publish_marts(shared_.warehouse,
                                                transform::work_file(fs::path(shared_.transform.work_dir),
                                                                     transform::WorkFile::target),
                                                runtime));
  SDP_RETURN_IF_ERROR(publish::remove_others(root, publication.folder));
  if (shared_.static_site.empty()) return {};
  return site::write_site(shared_.static_site, publication.folder, site::Older::remove);
}

}  // namespace sdp::cli
