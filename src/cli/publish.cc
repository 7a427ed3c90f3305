#include "cli/publish.h"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "base/utc_time.h"
#include "cli/forget_mark.h"
#include "cli/output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "os/files.h"
#include "publish/published_folder.h"
#include "snapshot/proof.h"
#include "snapshot/snapshot_json.h"
#include "snapshot/take.h"
#include "transform/docs.h"
#include "transform/manifest.h"
#include "transform/transform.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

/// A session to read from. On DuckDB it can copy what it reads.
struct Session {
  std::unique_ptr<warehouse::Warehouse> snowflake;
  std::unique_ptr<warehouse::DuckDbWarehouse> duckdb;

  warehouse::Warehouse& warehouse() const { return duckdb ? *duckdb : *snowflake; }
};

Result<Session> open_session(const WarehouseSettings& settings, Clock& clock) {
  Session session;
  if (settings.is_snowflake()) {
    SDP_TRY(session.snowflake, open_warehouse(settings, Access::read_only, clock));
    return session;
  }
  SDP_RETURN_IF_ERROR(check_not_forgetting(settings));
  SDP_TRY(session.duckdb, warehouse::DuckDbWarehouse::open_to_copy(duckdb_options(settings), clock));
  return session;
}

Result<snapshot::Sources> read_sources(const fs::path& target) {
  snapshot::Sources sources{.manifest = {}, .dbt = {}, .writer = std::string(kWriter)};
  SDP_TRY(sources.manifest, transform::read_manifest(target));
  SDP_TRY(sources.dbt, transform::read_build_results(target));
  return sources;
}

Result<Taken> take(warehouse::Warehouse& warehouse, const snapshot::Sources& sources, Clock& clock) {
  const snapshot::Limits limits;
  Taken taken;
  SDP_TRY(taken.snapshot, snapshot::take(warehouse, sources, limits, clock));
  SDP_TRY(auto rejected, rejected_in_silver(warehouse));
  taken.rejected = std::move(rejected).value_or(Rejected{});
  taken.snapshot.rejected_events = taken.rejected.events;
  taken.snapshot.rejected = taken.rejected.reasons;
  if (taken.snapshot.rejected.size() > limits.rejected_reasons)
    taken.snapshot.rejected.resize(limits.rejected_reasons);
  return taken;
}

/// The database of a file is named after it: SPOTIFY_DB, as in the warehouse.
std::string file_to_read(const WarehouseSettings& warehouse) {
  if (warehouse.is_snowflake()) return std::string(snapshot::kSnapshotFile);
  return fs::path(warehouse.place).filename();
}

/// What the publication says of itself; nothing of one that is not whole, or of another version.
std::optional<snapshot::Head> head_of(const fs::path& publication, const std::string& to_read) {
  std::error_code failure;
  if (!fs::exists(publication / to_read, failure)) return std::nullopt;
  const auto text = os::read_file(publication / snapshot::kSnapshotFile);
  if (!text || !*text) return std::nullopt;
  auto head = snapshot::parse_head(**text);
  return head ? std::optional(*std::move(head)) : std::nullopt;
}

/// Nothing as long as nobody proved what is published there.
std::optional<snapshot::Proof> proof_of(const fs::path& publication) {
  const auto text = os::read_file(publication / snapshot::kProofFile);
  if (!text || !*text) return std::nullopt;
  auto proof = snapshot::parse_proof(**text);
  return proof ? std::optional(*std::move(proof)) : std::nullopt;
}

/// All files of a publication but the database, and the proof, which comes later.
Result<void> write_files(const snapshot::Snapshot& snapshot, const fs::path& folder) {
  for (const snapshot::Mart& mart : snapshot.marts) {
    SDP_RETURN_IF_ERROR(
        publish::write_draft(folder / snapshot::mart_file(mart.name), snapshot::mart_json(snapshot, mart)));
  }
  SDP_RETURN_IF_ERROR(publish::write_draft(folder / snapshot::kReportFile, report::to_html(snapshot, {})));
  return publish::write_draft(folder / snapshot::kSnapshotFile, snapshot::snapshot_json(snapshot));
}

std::uint64_t bytes_of(const fs::path& folder) {
  std::error_code failure;
  std::uint64_t bytes = 0;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const auto size = entry->file_size(failure);
    if (!failure) bytes += size;
  }
  return bytes;
}

Result<Publication> publish(const WarehouseSettings& warehouse, const fs::path& target, Clock& clock) {
  const SteadyTime started = clock.steady_now();
  const fs::path root = published_folder(warehouse);
  const std::string to_read = file_to_read(warehouse);
  const auto current = publish::current_publication(root);

  // 1. One session for all that is read: what is published belongs together.
  SDP_TRY(const Session session, open_session(warehouse, clock));
  SDP_TRY(const auto sources, read_sources(target));

  // 2. The marts may be those that are published.
  SDP_TRY(const std::string state, snapshot::read_state(session.warehouse(), sources));
  const auto head = current ? head_of(*current, to_read) : std::nullopt;
  if (head && head->state == state) {
    diag::log_event("publish.unchanged", {{"path", current->string()}});
    return Publication{.folder = *current, .to_read = root / "current" / to_read, .taken = std::nullopt};
  }

  // 3. What people look at, and what was proved of what they looked at before.
  SDP_TRY(Taken taken, take(session.warehouse(), sources, clock));
  taken.snapshot.state = state;
  if (current) taken.snapshot.last_proof = proof_of(*current);

  // 4. Files under a new id, then the switch.
  warehouse::duckdb::ReadersCopy copy;
  const auto write = [&](const fs::path& folder, const std::string& id) -> Result<void> {
    taken.snapshot.id = id;
    if (session.duckdb) {
      SDP_TRY(copy, session.duckdb->copy_for_readers(folder / to_read));
    }
    return write_files(taken.snapshot, folder);
  };
  SDP_TRY(const fs::path folder, publish::replace_published(root, clock, write));
  const std::chrono::duration<double> took = clock.steady_now() - started;
  diag::log_event("publish.finished", {{"path", folder.string()},
                                       {"tables", copy.tables},
                                       {"rows", copy.rows},
                                       {"bytes", bytes_of(folder)},
                                       {"seconds", took.count()}});
  return Publication{.folder = folder, .to_read = root / "current" / to_read, .taken = std::move(taken)};
}

}  // namespace

bool is_published(const WarehouseSettings& warehouse) {
  if (warehouse.published == kNotPublished) return false;
  return !warehouse.is_snowflake() || !warehouse.published.empty();
}

fs::path published_folder(const WarehouseSettings& warehouse) {
  if (!warehouse.published.empty()) return warehouse.published;
  return fs::path(warehouse.place).parent_path() / "published";
}

Result<Taken> take_snapshot(const WarehouseSettings& warehouse, const fs::path& target,
                            const Runtime& runtime) {
  SDP_TRY(const Session session, open_session(warehouse, runtime.clock));
  SDP_TRY(const auto sources, read_sources(target));
  return take(session.warehouse(), sources, runtime.clock);
}

std::vector<DiskInUse> disks_of(const WarehouseSettings& warehouse) {
  std::vector<DiskInUse> disks;
  if (!warehouse.is_snowflake()) disks.push_back({.place = "warehouse", .path = warehouse.place});
  if (is_published(warehouse)) disks.push_back({.place = "published", .path = published_folder(warehouse)});
  return disks;
}

Result<fs::path> find_published(const WarehouseSettings& warehouse) {
  if (warehouse.published == kNotPublished) {
    return fail(ErrorKind::misconfigured,
                "--published is none, so there is no copy of the marts to read; name its folder");
  }
  SDP_RETURN_IF_ERROR(check_not_half_forgotten(warehouse));
  fs::path path = published_folder(warehouse) / "current" / file_to_read(warehouse);
  std::error_code failure;
  if (fs::exists(path, failure)) return path;
  if (failure && failure != std::errc::no_such_file_or_directory && failure != std::errc::not_a_directory) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} cannot be looked at: {}", path.string(), failure.message()));
  }
  return fail(ErrorKind::misconfigured,
              fmt::format("no marts are published at {}; publish them with `run`, `transform` or `publish`, "
                          "or name the folder of a run with --data or another warehouse with --warehouse",
                          path.string()));
}

std::string published_order(const WarehouseSettings& warehouse, std::string_view mart) {
  if (!is_published(warehouse)) return {};
  const auto text = os::read_file(published_folder(warehouse) / "current" / snapshot::kSnapshotFile);
  if (!text || !*text) return {};
  const auto head = snapshot::parse_head(**text);
  if (!head) return {};
  const auto order = head->orders.find(mart);
  return order == head->orders.end() ? std::string() : order->second;
}

Result<Publication> publish_marts(const WarehouseSettings& warehouse, const fs::path& target,
                                  const Runtime& runtime) {
  auto published = publish(warehouse, target, runtime.clock);
  if (!published) return std::unexpected(published.error().in("publishing the marts"));
  return published;
}

Result<fs::path> publish_docs(const WarehouseSettings& warehouse, const transform::TransformOptions& dbt,
                              const Runtime& runtime) {
  fs::path file = published_folder(warehouse) / publish::kDocsFile;
  auto page = transform::make_docs(dbt, runtime.stop);
  if (!page) return std::unexpected(page.error().in("dbt's documentation"));
  SDP_RETURN_IF_ERROR(os::make_folder(file.parent_path()));
  SDP_TRY(const bool added, publish::add_to_publication(file.parent_path(), file.filename().string(), *page));
  if (!added) return os::posix_error(ENOENT, os::Access::write, "write", file);
  return file;
}

Result<void> publish_proof(const Publication& publication, std::string_view proof, std::string_view page) {
  SDP_TRY(bool added, publish::add_to_publication(publication.folder, snapshot::kReportFile, page));
  if (added) {
    SDP_TRY(added, publish::add_to_publication(publication.folder, snapshot::kProofFile, proof));
  }
  if (!added) diag::log_event("publish.replaced", {{"path", publication.folder.string()}});
  return {};
}

}  // namespace sdp::cli
