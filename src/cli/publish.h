#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/disks.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "report/report.h"
#include "snapshot/snapshot.h"
#include "transform/transform.h"

namespace sdp::cli {

/// Whether the settings name a folder to publish into: on DuckDB there is one unless they say `none`, on
/// Snowflake only when it is named.
bool is_published(const WarehouseSettings& warehouse);

/// The folder of the publications: the one that the settings name, or that beside the DuckDB file.
std::filesystem::path published_folder(const WarehouseSettings& warehouse);

/// Where a command writes that works on this warehouse and publishes its marts.
std::vector<DiskInUse> disks_of(const WarehouseSettings& warehouse);

/// What people look at, taken from the warehouse.
struct Taken {
  snapshot::Snapshot snapshot;
  Rejected rejected;
};

struct Publication {
  std::filesystem::path folder;   ///< ROOT/ID
  std::filesystem::path to_read;  ///< what people open, by way of `current`: the database, or snapshot.json
  /// Nothing when the marts are those that were published before.
  std::optional<Taken> taken;
};

/// Takes a snapshot, in one session with the warehouse; `target` is dbt's target folder.
Result<Taken> take_snapshot(const WarehouseSettings& warehouse, const std::filesystem::path& target,
                            const Runtime& runtime);

/// Publishes what people read (docs/formats/published.md): the snapshot, its page, and of a DuckDB warehouse
/// the database, all from one session. Logs that. What is published already stays as it is while the ledger
/// is the same. The settings name a folder.
Result<Publication> publish_marts(const WarehouseSettings& warehouse, const std::filesystem::path& target,
                                  const Runtime& runtime);

/// Puts proof and page of a snapshot that is published into its folder, for readers of `current`. Logs it
/// when that is not there any more, since others published twice.
Result<void> publish_proof(const Publication& publication, std::string_view proof, std::string_view page);

/// Puts dbt's documentation of the project where the pages link to it: ROOT/dbt/index.html, beside the
/// publications, since it is the same for all of them. Returns its path.
Result<std::filesystem::path> publish_docs(const WarehouseSettings& warehouse,
                                           const transform::TransformOptions& dbt, const Runtime& runtime);

/// Where readers find what was published. `misconfigured` says which command publishes when nothing is there.
Result<std::filesystem::path> find_published(const WarehouseSettings& warehouse);

/// SQL behind ORDER BY of a mart, in upper case, as the project declares it; empty when nothing published
/// says.
std::string published_order(const WarehouseSettings& warehouse, std::string_view mart);

}  // namespace sdp::cli
