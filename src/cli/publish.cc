#include "cli/publish.h"

#include "cli/output.h"
#include "diag/log.h"
#include "publish/published_folder.h"
#include "warehouse/duckdb/readers_copy.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const WarehouseSettings& warehouse) {
  if (!warehouse.published.empty()) return warehouse.published;
  return fs::path(warehouse.place).parent_path() / "published";
}

}  // namespace

Result<std::optional<fs::path>> publish_marts(const WarehouseSettings& warehouse, const Runtime& runtime) {
  if (warehouse.is_snowflake() || warehouse.published == kNotPublished) return std::nullopt;
  const auto started = runtime.clock.steady_now();
  warehouse::duckdb::DuckDbOptions from = warehouse.duckdb;
  from.path = warehouse.place;
  warehouse::duckdb::ReadersCopy copy;
  const fs::path folder = folder_of(warehouse);
  // The database of a file is named after it: SPOTIFY_DB, as in the warehouse.
  const std::string file = fs::path(warehouse.place).filename();
  const auto published =
      publish::replace_published(folder, file, runtime.clock, [&](const fs::path& path) -> Result<void> {
        SDP_TRY(copy, warehouse::duckdb::write_readers_copy(from, path.string()));
        return {};
      });
  if (!published) return std::unexpected(published.error().in("publishing the marts"));
  std::error_code unknown;
  const auto bytes = fs::file_size(*published, unknown);
  const std::chrono::duration<double> took = runtime.clock.steady_now() - started;
  diag::log_event("publish.finished", {{"path", published->string()},
                                       {"tables", copy.tables},
                                       {"rows", copy.rows},
                                       {"bytes", unknown ? 0 : bytes},
                                       {"seconds", took.count()}});
  return folder / "current" / file;
}

}  // namespace sdp::cli
