#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/publish.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "os/file_lock.h"
#include "site/static_site.h"
#include "transform/work_dir.h"

namespace sdp::cli {
namespace {

struct PublishOptions {
  WarehouseSettings warehouse;
  TransformSettings transform;
  std::string static_site;  ///< a folder; empty: none is written
  bool docs = false;
  bool json = false;
  std::string metrics_file;
};

Result<int> run(const PublishOptions& options, const Runtime& runtime) {
  if (!is_published(options.warehouse)) {
    return fail(ErrorKind::misconfigured,
                options.warehouse.published == kNotPublished
                    ? "publish: --published is none, so there is nothing to do; name a folder"
                    : "publish: a Snowflake warehouse has no folder beside it; name one by --published");
  }
  runtime.work.disks = disks_of(options.warehouse);
  const std::filesystem::path work_dir = options.transform.work_dir;
  const auto target = transform::work_file(work_dir, transform::WorkFile::target);
  std::optional<os::FileLock> held;
  // dbt writes its documentation where it built.
  std::error_code unknown;
  if (options.docs && std::filesystem::exists(work_dir, unknown)) {
    SDP_TRY(held, transform::hold_work_dir(work_dir));
  } else {
    SDP_TRY(held, transform::hold_work_dir_to_read(work_dir));
  }
  SDP_TRY(const auto publication, publish_marts(options.warehouse, target, runtime));
  std::string docs;
  if (options.docs) {
    SDP_TRY(const auto dbt, transform_options(options.transform, options.warehouse));
    SDP_TRY(docs, publish_docs(options.warehouse, dbt, runtime));
  }
  if (!options.static_site.empty()) {
    if (auto written = site::write_site(options.static_site, publication.folder); !written)
      return std::unexpected(written.error().in("writing the site"));
  }
  if (options.json) {
    nlohmann::ordered_json line{{"schema_version", 1},
                                {"path", publication.to_read.string()},
                                {"folder", publication.folder.string()},
                                {"changed", publication.taken.has_value()}};
    if (!options.static_site.empty()) line["static"] = options.static_site;
    if (options.docs) line["docs"] = docs;
    print_line(line);
  } else {
    print_out("{}\n", publication.to_read.string());
  }
  return 0;
}

}  // namespace

void define_publish(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<PublishOptions>();
  auto& command = commands.add(
      commands.parser(), "publish",
      "Copy the marts to where readers find them at any time: as a DuckDB file, as JSON and as one HTML "
      "page; prints the path of the DuckDB file",
      "  duckdb -readonly \"$(spotify-pipeline publish)\" -c 'FROM MART.TOP_SONGS'\n"
      "  spotify-pipeline publish --warehouse snowflake --published /var/marts   only JSON and the page\n"
      "  spotify-pipeline publish --static /var/www/marts   also the pages that `serve` shows, as files\n"
      "  spotify-pipeline publish --dbt-docs   also what dbt says of its models, as a page");
  bind_warehouse(command, options->warehouse);
  command.bind("publish.folder", options->warehouse.published);
  command.bind("dbt.project", options->transform.project);
  command.bind("dbt.work-dir", options->transform.work_dir);
  command.bind("publish.static", options->static_site);
  command.bind("dbt.docs", options->docs);
  command.bind("output.json", options->json);
  command.bind("metrics.file", options->metrics_file);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
