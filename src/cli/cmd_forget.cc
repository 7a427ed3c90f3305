#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "base/text_table.h"
#include "cli/command.h"
#include "cli/data_dir.h"
#include "cli/forget_warehouse.h"
#include "cli/imports.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "history/forget.h"
#include "history/judge.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"
#include "os/file_lock.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

struct ForgetOptions {
  std::string name;
  std::string data = "data/history/NAME";  ///< as --help shows it: person_folder(), unless it is set
  /// Where others' lakes may be, too: the warehouse of the stages' commands unless it is set.
  SharedWarehouse shared;
  bool yes = false;
  bool json = false;
};

/// A lake in the folder of a person.
struct PersonsLake {
  std::uint64_t events = 0;
  std::set<std::string> topic_ids;
};

/// What there is of a person.
struct Kept {
  history::Extent extent;
  std::optional<PersonsLake> lake;  ///< nothing when it cannot be read
  std::set<std::string> topics;     ///< ids of topics to which `import` produced
};

struct Found {
  fs::path folder;
  std::string user;
  std::optional<Kept> kept;
  std::optional<history::Extent> unfinished;  ///< what a `forget` left that was killed
  std::vector<WarehouseForgetting> warehouses;

  bool is_half_done() const {
    return std::ranges::any_of(warehouses, [](const auto& one) { return one.found().is_unfinished; });
  }
};

/// A path is not a name, and would lead anywhere; nor is what person_folder() takes for no folder's name.
Result<void> check_name(const std::string& name) {
  if (!name.empty() && name[0] != '.' && !name.contains('/')) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "{} is not the name of a person: it is empty, begins with a dot, or has a slash. A name that "
          "has one is kept under its user's id, which takes the place of the name here; for a "
          "folder elsewhere there is --data",
          name.empty() ? "An empty text" : base::escaped(name)));
}

/// The id of the user, also where it stands in place of the name.
Uuid user_of(const std::string& name) {
  return base::parse_uuid(name).value_or(history::user_id(name));
}

/// Without a slash at its end, which would look behind a link.
fs::path folder_of(const ForgetOptions& options, const settings::Command& command) {
  if (!was_set(command, "run.data")) return person_folder(options.name);
  fs::path folder = fs::path(options.data).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder;
}

/// The folder, for as long as anything is done. Who only looks holds up no other reader.
Result<DataDir> hold(const fs::path& folder, bool yes) {
  return yes ? DataDir::open_there(folder) : DataDir::open_to_read(folder);
}

/// By the names of its objects and the metadata of the last one of each chain.
Result<PersonsLake> look_at_lake(const fs::path& lake_folder, Clock& clock) {
  PersonsLake found;
  std::error_code ignored;
  if (!fs::exists(lake_folder, ignored)) return found;
  LakeSettings settings;
  settings.place = lake_folder;
  SDP_TRY(auto lake, open_lake(settings, {}, clock));
  SDP_TRY(const lake::Places places, lake_reader::find_places(*lake.store));
  const lake_reader::LakeReader reader(*lake.store, places);
  SDP_TRY(const lake_reader::LoadPlan plan, reader.load_plan({}, {}, {}));
  for (const lake_reader::PlannedChain& chain : plan.chains) {
    const auto first = chain.objects.front().place.first;
    SDP_TRY(const lake::ObjectMeta last, reader.meta_of(chain.objects.back().object_key));
    found.events += static_cast<std::uint64_t>(last.range.end - first);
    found.topic_ids.insert(base::to_string(last.chain.topic_id));
  }
  return found;
}

Result<Kept> look_at(const DataDir& held, const Uuid& user, Clock& clock) {
  Kept kept;
  SDP_TRY(const auto files, history::check_person_folder(held.path(), user));
  for (const history::ImportedFile& file : files) {
    if (file.target != history::kInLake) kept.topics.insert(file.target);
  }
  SDP_TRY(kept.extent, history::extent_of(held.path()));
  // A lake that is damaged can be removed, too.
  if (auto lake = look_at_lake(held.lake(), clock)) kept.lake = *std::move(lake);
  return kept;
}

/// Whether it goes with the folder anyway.
bool is_in_folder(const fs::path& place, const fs::path& folder) {
  std::error_code unknown;
  const fs::path whole = fs::weakly_canonical(folder, unknown);
  return std::ranges::mismatch(whole, fs::weakly_canonical(place, unknown)).in1 == whole.end();
}

/// Warehouses in which the person's rows may be. One that a flag names has to be there; others are looked at
/// where they are: that of the environment, else those of the stages' commands and of `run`.
Result<std::vector<std::string>> places_of(const ForgetOptions& options, const settings::Command& command,
                                           const Found& found) {
  const WarehouseSettings& warehouse = options.shared.warehouse;
  if (command.find("warehouse.place")->origin.kind != settings::Origin::Kind::flag) {
    std::vector<std::string> places{warehouse.place};
    if (!was_set(command, "warehouse.place")) places.push_back(embedded_warehouse("data"));
    std::error_code unknown;
    std::erase_if(places, [&](const std::string& place) {
      return warehouse.is_snowflake() || !fs::exists(place, unknown) || is_in_folder(place, found.folder);
    });
    return places;
  }
  if (warehouse.is_snowflake()) {
    return fail(ErrorKind::misconfigured,
                "`forget` removes no rows from Snowflake, which keeps deleted ones for days; "
                "docs/history.md has the statements. Leave --warehouse out to remove the folder");
  }
  if (is_in_folder(warehouse.place, found.folder)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is in the folder of the person, which goes as a whole; leave --warehouse out",
                            warehouse.place));
  }
  if (found.kept && !found.kept->lake) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the lake of {} cannot be read, so it is not known which rows of {} are of it; "
                            "`tap lake` says what is wrong with it",
                            found.folder.string(), warehouse.place));
  }
  return std::vector{warehouse.place};
}

Result<void> look_at_warehouses(const ForgetOptions& options, const settings::Command& command,
                                Found& found) {
  SDP_TRY(const auto places, places_of(options, command, found));
  warehouse::duckdb::ToForget what{.topic_ids = {}, .user_id = found.user};
  if (found.kept && found.kept->lake) what.topic_ids = found.kept->lake->topic_ids;
  for (const std::string& place : places) {
    SharedWarehouse shared = options.shared;
    shared.warehouse.place = place;
    shared.work_dir_was_set = was_set(command, "dbt.work-dir");
    SDP_TRY(auto looked, WarehouseForgetting::open(std::move(shared), what, options.yes));
    found.warehouses.push_back(std::move(looked));
  }
  return {};
}

/// What finishes a `forget` that is killed.
std::string command_of(const ForgetOptions& options, const Found& found, const WarehouseForgetting& at,
                       const settings::Command& command) {
  std::string text = fmt::format("spotify-pipeline forget {}", base::shell_word(options.name));
  const auto add = [&text](std::string_view flag, const std::string& value) {
    text += fmt::format(" {} {}", flag, base::shell_word(value));
  };
  if (was_set(command, "run.data")) add("--data", found.folder);
  add("--warehouse", at.place());
  for (const char* name :
       {"publish.folder", "publish.static", "run.report", "dbt.work-dir", "dbt.project", "dbt.mapping"}) {
    const settings::BoundSetting& bound = *command.find(name);
    if (bound.origin.kind == settings::Origin::Kind::flag) add(bound.setting->flag, bound.show());
  }
  return text + " --yes";
}

std::string size_of(const history::Extent& extent) {
  return fmt::format("{}, {}", base::plural(extent.files, "file"), base::plural(extent.bytes, "byte"));
}

void print_warehouse(const WarehouseForgetting& at) {
  const InWarehouse& here = at.found();
  const std::string place = base::escaped(at.place().string());
  if (here.is_unfinished) print_out("{}: an earlier `forget` was stopped there\n", place);
  if (here.has_any()) {
    std::string rows;
    for (const auto& [table, number] : here.rows.tables)
      rows += fmt::format("{}{} {}", rows.empty() ? "" : ", ", table, base::with_commas(number));
    print_out("{}: {}\n", place,
              rows.empty() ? "no row of its lake is left"
                           : fmt::format("rows of its lake, without which it is written again, and its marts "
                                         "built again: {}",
                                         rows));
    if (here.published.files > 0)
      print_out("  what is published of it, in place of which new marts are: {}\n", size_of(here.published));
    if (here.work.files > 0) print_out("  dbt's files of earlier builds: {}\n", size_of(here.work));
    for (const fs::path& path : here.files) print_out("  {}\n", base::escaped(path.string()));
  }
  for (const auto& [topic, number] : here.rows.elsewhere)
    print_out("{}: {} of the user came by the topic {}, and stay\n", place, base::plural(number, "row"),
              topic);
}

void print_text(const Found& found, const ForgetOptions& options) {
  const std::string folder = base::escaped(found.folder.string());
  if (found.unfinished)
    print_out("{}: {}, which an earlier `forget` did not come to\n",
              base::escaped(history::aside_of(found.folder).string()), size_of(*found.unfinished));
  if (found.kept) {
    print_out("{}: {}, {}, all of user {}\n", folder,
              found.kept->lake ? base::plural(found.kept->lake->events, "event")
                               : std::string("events of a lake that cannot be read"),
              size_of(found.kept->extent), found.user);
  }
  for (const WarehouseForgetting& at : found.warehouses) print_warehouse(at);
  print_out(
      "Not in there, and not removed: what was written elsewhere (--published, --report, `publish --static`, "
      "a warehouse that is not named here, or on Snowflake), and\n  what `import` produced to Kafka, with "
      "what sinks and loads made of it");
  if (found.kept && !found.kept->topics.empty())
    print_out("; to topics with these ids: {}", fmt::join(found.kept->topics, ", "));
  print_out("\n");
  if (!options.yes) print_out("Dry run: nothing is removed without --yes\n");
  flush_out();
}

void print_json(const Found& found, const ForgetOptions& options) {
  nlohmann::ordered_json json = {{"schema_version", 1}, {"dry_run", !options.yes}};
  json["folder"] = found.folder.string();
  json["user_id"] = found.user;
  const auto sized = [](const history::Extent& extent) {
    return nlohmann::ordered_json{{"files", extent.files}, {"bytes", extent.bytes}};
  };
  json["kept"] = nullptr;
  if (found.kept) {
    json["kept"] = sized(found.kept->extent);
    json["kept"]["events"] =
        found.kept->lake ? nlohmann::ordered_json(found.kept->lake->events) : nlohmann::ordered_json();
    json["kept"]["produced_to_topics"] = found.kept->topics;
  }
  json["unfinished"] = found.unfinished ? sized(*found.unfinished) : nlohmann::ordered_json();
  json["warehouses"] = nlohmann::ordered_json::array();
  for (const WarehouseForgetting& at : found.warehouses) {
    const InWarehouse& here = at.found();
    const auto counted = [](const std::vector<warehouse::duckdb::TableRows>& all) {
      auto object = nlohmann::ordered_json::object();
      for (const auto& [name, rows] : all) object[name] = rows;
      return object;
    };
    nlohmann::ordered_json one{{"warehouse", at.place().string()},
                               {"rows", counted(here.rows.tables)},
                               {"published", sized(here.published)},
                               {"work", sized(here.work)},
                               {"files", nlohmann::ordered_json::array()},
                               {"unfinished", here.is_unfinished},
                               {"stay_by_topic", counted(here.rows.elsewhere)}};
    for (const fs::path& path : here.files) one["files"].push_back(path.string());
    json["warehouses"].push_back(std::move(one));
  }
  print_line(json);
}

Result<int> run(const ForgetOptions& options, const settings::Command& command, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(check_name(options.name));
  Found found{
      .folder = folder_of(options, command), .user = {}, .kept = {}, .unfinished = {}, .warehouses = {}};
  const Uuid user = user_of(options.name);
  found.user = base::to_string(user);
  SDP_TRY(bool is_there, history::is_plain_folder(found.folder));
  std::optional<DataDir> held;
  if (is_there) {
    const auto look = [&]() -> Result<void> {
      // Before a lock file is made in a folder that is none of a person's.
      SDP_RETURN_IF_ERROR(history::check_person_folder(found.folder, user));
      SDP_TRY(held, hold(found.folder, options.yes));
      SDP_TRY(found.kept, look_at(*held, user, runtime.clock));
      return {};
    };
    const auto looked = look();
    // Another `forget` may have been quicker.
    SDP_TRY(is_there, history::is_plain_folder(found.folder));
    if (is_there) SDP_RETURN_IF_ERROR(looked);
  }
  SDP_TRY(const bool is_unfinished, history::is_plain_folder(history::aside_of(found.folder)));
  SDP_RETURN_IF_ERROR(look_at_warehouses(options, command, found));
  if (!is_there && !is_unfinished && !found.is_half_done()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("there is no folder {}, so nothing is kept of {} there; if the import had a --data "
                    "FOLDER, name it here, too",
                    found.folder.string(), base::escaped(options.name)));
  }
  std::optional<os::FileLock> aside;
  if (is_unfinished) {
    if (options.yes) {
      SDP_TRY(aside, history::hold_aside(found.folder));
    }
    SDP_TRY(found.unfinished, history::extent_of(history::aside_of(found.folder)));
  }
  if (!options.json) print_text(found, options);
  if (options.yes) {
    // The folder last: by its lake it is known which rows are to go.
    for (WarehouseForgetting& at : found.warehouses) {
      if (at.found().has_any())
        SDP_RETURN_IF_ERROR(at.carry_out(command_of(options, found, at, command), runtime));
    }
    if (is_unfinished) SDP_RETURN_IF_ERROR(history::remove_aside(found.folder));
    if (is_there) {
      SDP_RETURN_IF_ERROR(history::set_aside(found.folder));
      SDP_RETURN_IF_ERROR(history::remove_aside(found.folder));
    }
    if (!options.json) print_out("Removed\n");
  }
  if (options.json) print_json(found, options);
  return 0;
}

}  // namespace

void define_forget(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ForgetOptions>();
  auto& command = commands.add(
      commands.parser(), "forget",
      "Remove what `run --import` keeps of a person, also from a warehouse of several; without --yes, only "
      "print what that is",
      "  spotify-pipeline forget me                           print what is kept of the one whom imports "
      "call me\n"
      "  spotify-pipeline forget ada --yes                    remove data/history/ada\n"
      "  spotify-pipeline forget ada --data /srv/ada --yes    what was imported with this --data\n"
      "  spotify-pipeline forget ada --warehouse /srv/warehouse/spotify_db.duckdb --yes   also the rows that "
      "`load --add-lake` brought there");
  command.parser()
      .add_option("name", options->name, "Whose: --user of the import, else the account's name, else me")
      ->required();
  command.bind("run.data", options->data);
  command.bind("forget.yes", options->yes);
  SharedWarehouse& shared = options->shared;
  command.bind("warehouse.place", shared.warehouse.place);
  bind_warehouse_limits(command, shared.warehouse);
  command.bind("publish.folder", shared.warehouse.published);
  command.bind("publish.static", shared.static_site);
  command.bind("run.report", shared.report);
  command.bind("dbt.deps", shared.warehouse.deps);
  command.bind("dbt.project", shared.transform.project);
  command.bind("dbt.work-dir", shared.transform.work_dir);
  command.bind("dbt.mapping", shared.transform.mapping);
  command.bind("dbt.verbose", shared.transform.verbose);
  command.bind("dbt.timeout-s", shared.transform.time_limit);
  command.bind("testing.forget-waits-at", shared.waits_at);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
