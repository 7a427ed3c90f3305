#include "cli/last_build.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "os/files.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;

/// What a build left: by which project, in which warehouse, and when its batch closed.
struct Build {
  std::string project;
  std::string warehouse;
  std::string closed_at;  ///< microseconds since 1970

  bool operator==(const Build&) const = default;
};

std::filesystem::path file_of(const transform::TransformOptions& options) {
  return transform::work_file(options.work_dir, transform::WorkFile::last_build);
}

std::optional<Build> read(const std::filesystem::path& path) {
  const auto text = os::read_file(path);
  if (!text || !*text) return std::nullopt;
  const json document = json::parse(**text, nullptr, false);
  if (!document.is_object() || document.value("format", json()) != json(kFormat)) return std::nullopt;
  Build build;
  for (const auto& [name, value] : {std::pair{"project", &build.project},
                                    {"warehouse", &build.warehouse},
                                    {"closed_at", &build.closed_at}}) {
    const auto found = document.find(name);
    if (found == document.end() || !found->is_string()) return std::nullopt;
    *value = found->get<std::string>();
  }
  return build;
}

/// The build that the warehouse shows; nothing when it shows none, or one that did not close its batch.
std::optional<Build> build_in(const std::string& project, warehouse::Warehouse& warehouse) {
  const auto closed = warehouse.query(
      fmt::format("SELECT max({}), count(CASE WHEN kind = 'open' THEN 1 END) FROM TRANSFORM.TRANSFORM_PARTS",
                  warehouse.epoch_us("closed_at")));
  if (!closed || closed->rows.size() != 1 || !closed->rows[0][0] || closed->rows[0][1] != "0") {
    return std::nullopt;
  }
  return Build{.project = project, .warehouse = warehouse.describe(), .closed_at = *closed->rows[0][0]};
}

/// Objects that no batch has, and tables that the last one made and that are not there.
constexpr std::string_view kToDo = R"(
  SELECT
      (SELECT count(*) FROM BRONZE.LOAD_LEDGER
       WHERE object_key NOT IN (SELECT object_key FROM TRANSFORM.TRANSFORM_LEDGER))
      + (SELECT count(*) FROM TRANSFORM.TRANSFORM_PARTS
         WHERE kind IN ('mart', 'model') AND name NOT IN (
             SELECT upper(table_schema) || '.' || upper(table_name) FROM information_schema.tables)))";

}  // namespace

bool nothing_is_new(const transform::TransformOptions& options, const std::string& project,
                    warehouse::Warehouse& warehouse) {
  const auto last = read(file_of(options));
  if (!last || build_in(project, warehouse) != last) return false;
  const auto to_do = warehouse.query(kToDo);
  return to_do && to_do->rows.size() == 1 && to_do->rows[0][0] == "0";
}

void note_build(const transform::TransformOptions& options, const std::string& project,
                warehouse::Warehouse& warehouse) {
  const auto build = build_in(project, warehouse);
  if (!build) return;
  const json document = {{"format", kFormat},
                         {"project", build->project},
                         {"warehouse", build->warehouse},
                         {"closed_at", build->closed_at}};
  // The next build begins without it.
  static_cast<void>(os::write_file(file_of(options), document.dump() + "\n", os::kReadable));
}

}  // namespace sdp::cli
