#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/terminal_text.h"
#include "base/text_table.h"
#include "cli/command.h"
#include "cli/data_dir.h"
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
  bool yes = false;
  bool json = false;
};

/// What there is of a person.
struct Kept {
  history::Extent extent;
  std::optional<std::uint64_t> events;  ///< records of the lake; nothing when it cannot be read
  std::set<std::string> topics;         ///< ids of topics to which `import` produced
};

struct Found {
  fs::path folder;
  std::string user;
  std::optional<Kept> kept;
  std::optional<history::Extent> unfinished;  ///< what a `forget` left that was killed
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

/// The records of the lake, by the names of its objects and the metadata of the last one of each chain.
Result<std::uint64_t> count_events(const fs::path& lake_folder, Clock& clock) {
  std::error_code ignored;
  if (!fs::exists(lake_folder, ignored)) return 0;
  LakeSettings settings;
  settings.place = lake_folder;
  SDP_TRY(auto lake, open_lake(settings, {}, clock));
  SDP_TRY(const lake::Places places, lake_reader::find_places(*lake.store));
  const lake_reader::LakeReader reader(*lake.store, places);
  SDP_TRY(const lake_reader::LoadPlan plan, reader.load_plan({}, {}, {}));
  std::uint64_t records = 0;
  for (const lake_reader::PlannedChain& chain : plan.chains) {
    const auto first = chain.objects.front().place.first;
    SDP_TRY(const lake::ObjectMeta last, reader.meta_of(chain.objects.back().object_key));
    records += static_cast<std::uint64_t>(last.range.end - first);
  }
  return records;
}

Result<Kept> look_at(const DataDir& held, const Uuid& user, Clock& clock) {
  Kept kept;
  SDP_TRY(const auto files, history::check_person_folder(held.path(), user));
  for (const history::ImportedFile& file : files) {
    if (file.target != history::kInLake) kept.topics.insert(file.target);
  }
  SDP_TRY(kept.extent, history::extent_of(held.path()));
  // A lake that is damaged can be removed, too.
  if (const auto events = count_events(held.lake(), clock)) kept.events = *events;
  return kept;
}

std::string size_of(const history::Extent& extent) {
  return fmt::format("{}, {}", base::plural(extent.files, "file"), base::plural(extent.bytes, "byte"));
}

void print_text(const Found& found, const ForgetOptions& options) {
  const std::string folder = base::escaped(found.folder.string());
  if (found.unfinished)
    print_out("{}: {}, which an earlier `forget` did not come to\n",
              base::escaped(history::aside_of(found.folder).string()), size_of(*found.unfinished));
  if (found.kept) {
    print_out("{}: {}, {}, all of user {}\n", folder,
              found.kept->events ? base::plural(*found.kept->events, "event")
                                 : std::string("events of a lake that cannot be read"),
              size_of(found.kept->extent), found.user);
  }
  print_out(
      "Not in there, and not removed: what was written elsewhere (--published, --report, `publish --static`, "
      "a warehouse on Snowflake), and\n  what `import` produced to Kafka, with what sinks and loads made of "
      "it");
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
        found.kept->events ? nlohmann::ordered_json(*found.kept->events) : nlohmann::ordered_json();
    json["kept"]["produced_to_topics"] = found.kept->topics;
  }
  json["unfinished"] = found.unfinished ? sized(*found.unfinished) : nlohmann::ordered_json();
  print_line(json);
}

Result<int> run(const ForgetOptions& options, const settings::Command& command, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(check_name(options.name));
  Found found{.folder = folder_of(options, command), .user = {}, .kept = {}, .unfinished = {}};
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
  if (!is_there && !is_unfinished) {
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
      "Remove what `run --import` keeps of a person; without --yes, only print what that is",
      "  spotify-pipeline forget me                           print what is kept of the one whom imports "
      "call me\n"
      "  spotify-pipeline forget ada --yes                    remove data/history/ada\n"
      "  spotify-pipeline forget ada --data /srv/ada --yes    what was imported with this --data");
  command.parser()
      .add_option("name", options->name, "Whose: --user of the import, else the account's name, else me")
      ->required();
  command.bind("run.data", options->data);
  command.bind("forget.yes", options->yes);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
