#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/text_table.h"
#include "base/utc_time.h"
#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/sinks_stopped.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"
#include "repair/repair.h"

namespace sdp::cli {
namespace {

struct LakeRepairOptions {
  std::string object;
  std::string reason;
  std::string use;
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  log::ConsumerOptions consumer;
  bool apply = false;
  bool sinks_stopped = false;
  bool json = false;
};

/// What the log has of the object's chain.
struct InLog {
  std::optional<log::Watermarks> available;
  std::string why_not;  ///< it is not known, or there is nothing of this chain
};

/// Whether a load has it already; nothing when no warehouse was named.
struct InWarehouse {
  std::string place;
  bool loaded = false;
};

Result<void> check_reason(const std::string& reason) {
  const bool is_text = std::ranges::none_of(reason, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!reason.empty() && reason.size() <= lake::kReasonBytesMax && is_text) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("--reason is 1 to {} bytes of text on one line", lake::kReasonBytesMax));
}

/// `FIRST,NEXT`
Result<std::optional<lake::OffsetRange>> parse_use(std::string_view text) {
  if (text.empty()) return std::optional<lake::OffsetRange>();
  lake::OffsetRange range;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  const bool goes_on = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto next = goes_on ? std::from_chars(first.ptr + 1, end, range.end) : first;
  if (goes_on && next.ec == std::errc() && next.ptr == end && range.first >= 0 && !range.empty())
    return std::optional(range);
  return fail(
      ErrorKind::misconfigured,
      fmt::format("--use {}: two offsets are wanted, the first one and the one behind the last, such as "
                  "--use 30,40",
                  text));
}

/// It is told, and nothing depends on it.
InLog look_at_log(const LakeRepairOptions& options, const lake::ChainId& chain) {
  if (options.sinks_stopped) return {std::nullopt, "the log was not asked (--sinks-stopped)"};
  const auto ask = [&]() -> Result<InLog> {
    SDP_TRY(auto log, open_kafka(options.log, options.services));
    SDP_TRY(const log::TopicInfo topic, log->describe());
    if (topic.id != chain.topic_id || chain.partition >= topic.partitions)
      return InLog{std::nullopt,
                   fmt::format("the log has nothing of it: topic {} has another id now", topic.name)};
    SDP_TRY(const log::Watermarks available, log->watermarks(chain.partition));
    return InLog{available, ""};
  };
  auto found = ask();
  if (found) return *std::move(found);
  return {std::nullopt, "the log could not be asked: " + found.error().message};
}

Result<InWarehouse> look_at_warehouse(const LakeRepairOptions& options, Clock& clock) {
  std::error_code ignored;
  const WarehouseSettings& settings = options.warehouse;
  InWarehouse found{settings.place, false};
  if (!settings.is_snowflake() && !std::filesystem::exists(settings.place, ignored)) return found;
  SDP_TRY(auto warehouse, open_warehouse(settings, Access::read_only, clock));
  SDP_TRY(const bool has_ledger, warehouse->has_ledger());
  if (has_ledger) {
    SDP_TRY(const auto objects, warehouse->loaded_objects());
    found.loaded = std::ranges::find(objects, options.object) != objects.end();
  }
  SDP_RETURN_IF_ERROR(warehouse->close());
  return found;
}

std::string shown(lake::OffsetRange range) {
  return fmt::format("[{}, {})", range.first, range.end);
}

std::string shown(const std::vector<lake::OffsetRange>& ranges) {
  std::vector<std::string> texts;
  texts.reserve(ranges.size());
  for (const lake::OffsetRange& range : ranges) texts.push_back(shown(range));
  return fmt::format("{}", fmt::join(texts, " "));
}

/// What of `ranges` the log still has.
std::vector<lake::OffsetRange> still_in(const InLog& log, const std::vector<lake::OffsetRange>& ranges) {
  std::vector<lake::OffsetRange> still;
  if (!log.available) return still;
  for (lake::OffsetRange range : ranges) {
    range = {std::max(range.first, log.available->start), std::min(range.end, log.available->end)};
    if (!range.empty()) still.push_back(range);
  }
  return still;
}

void print_text(const repair::Repair& repair, const LakeRepairOptions& options, const InLog& log,
                const std::optional<InWarehouse>& warehouse) {
  const lake::Override& override = repair.override;
  const repair::RepairPlan& plan = repair.plan;
  print_out("{}: offsets {} of {}, {}\n", override.object_key, shown(override.range),
            lake::describe(override.chain), base::plural(override.bytes, "byte"));
  if (repair.part) {
    print_out("{}: offsets {} of it, {}, go on being used\n", repair.part->key,
              shown(repair.part->meta.range),
              base::plural(static_cast<std::uint64_t>(repair.part->meta.records), "record"));
  }
  if (repair.was_there) {
    print_out("is ignored already, since {}: {}\n", base::format_iso(override.created_at), override.reason);
    return;
  }
  print_out("{}\n", options.apply ? "is ignored from now on; a sink that runs hears of it at its next start"
                                  : "dry run: nothing is written without --apply. Ignored, it would mean:");
  for (const lake::Link& other : plan.covering)
    print_out("  offsets {} are in {}, too\n",
              shown(lake::OffsetRange{std::max(other.range.first, plan.range.first),
                                      std::min(other.range.end, plan.range.end)}),
              other.object_key);
  if (!plan.missing.empty()) {
    print_out(
        "  offsets {} are no longer in the lake, and no sink fetches them again: sinks write at the "
        "end of a chain only\n",
        shown(plan.missing));
    if (const auto still = still_in(log, plan.missing); !still.empty()) {
      print_out("  the log still has {}: as long as it has, `verify` names them as missing\n", shown(still));
    } else {
      print_out("  {}: `verify` proves the rest, except them\n",
                log.available ? "the log has none of them" : log.why_not);
    }
  }
  if (plan.fetched) {
    const std::vector<lake::OffsetRange> fetched{*plan.fetched};
    const auto still = still_in(log, fetched);
    print_out("  the chain ends at {}: sinks fetch offsets {} from the log, {}\n", plan.fetched->first,
              shown(fetched),
              still == fetched ? "which has them"
              : log.available  ? "which has only " + (still.empty() ? "none" : shown(still))
                               : "if it has them; " + log.why_not);
  }
  if (plan.missing.empty() && !plan.fetched) print_out("  nothing is missing from the lake\n");
  if (warehouse && warehouse->loaded) {
    print_out(
        "  {} has loaded the object: its rows stay, and `verify` names them; load the lake into a new "
        "warehouse to be without them\n",
        warehouse->place);
  } else if (warehouse) {
    print_out("  {} has not loaded the object, and never will\n", warehouse->place);
  } else {
    print_out("  --warehouse tells whether a load has it already\n");
  }
}

nlohmann::ordered_json json_of(const std::vector<lake::OffsetRange>& ranges) {
  auto json = nlohmann::ordered_json::array();
  for (const lake::OffsetRange& range : ranges)
    json.push_back({{"first_offset", range.first}, {"next_offset", range.end}});
  return json;
}

nlohmann::ordered_json json_of(const lake::Override& override) {
  return {{"object", override.object_key},
          {"topic_id", base::to_string(override.chain.topic_id)},
          {"partition", override.chain.partition},
          {"first_offset", override.range.first},
          {"last_offset", override.range.end - 1},
          {"used_in",
           override.used_in.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(override.used_in)},
          {"reason", override.reason},
          {"created_at", base::format_iso(override.created_at)},
          {"writer", override.writer}};
}

void print_json(const repair::Repair& repair, const LakeRepairOptions& options, const InLog& log,
                const std::optional<InWarehouse>& warehouse) {
  const repair::RepairPlan& plan = repair.plan;
  std::vector<std::string> covering;
  for (const lake::Link& other : plan.covering) covering.push_back(other.object_key);
  std::vector<lake::OffsetRange> fetched;
  if (plan.fetched) fetched.push_back(*plan.fetched);
  nlohmann::ordered_json json = {{"schema_version", 1}, {"dry_run", !options.apply}};
  json["was_ignored"] = repair.was_there;
  json.update(json_of(repair.override));
  json["covering"] = covering;
  json["missing"] = json_of(plan.missing);
  json["missing_in_log"] = json_of(still_in(log, plan.missing));
  json["fetched"] = json_of(fetched);
  json["log_asked"] = log.available.has_value();
  json["loaded"] = warehouse ? nlohmann::ordered_json(warehouse->loaded) : nlohmann::ordered_json();
  print_line(json);
}

Result<int> run_repair(const LakeRepairOptions& options, bool names_warehouse, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(check_reason(options.reason));
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  repair::RepairOptions repair;
  repair.object_key = options.object;
  repair.reason = options.reason;
  repair.writer = kWriter;
  repair.apply = options.apply;
  SDP_TRY(repair.use, parse_use(options.use));
  repair.check_sinks_stopped = [&]() -> Result<void> {
    if (options.sinks_stopped) return {};
    return check_sinks_stopped(options.log, options.services, options.consumer.group,
                               "the end of a chain moves back", "the repair");
  };
  SDP_TRY(const repair::Repair done, repair::repair(*lake.store, runtime.clock, repair));
  const bool asks = !done.plan.missing.empty() || done.plan.fetched;
  const InLog log = asks ? look_at_log(options, done.override.chain) : InLog{};
  std::optional<InWarehouse> warehouse;
  if (names_warehouse) {
    SDP_TRY(warehouse, look_at_warehouse(options, runtime.clock));
  }
  options.json ? print_json(done, options, log, warehouse) : print_text(done, options, log, warehouse);
  return 0;
}

Result<int> run_list(const LakeRepairOptions& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const lake::Places places, lake_reader::find_places(*lake.store));
  SDP_TRY(const lake::Overrides overrides, lake_reader::read_overrides(*lake.store, places));
  if (options.json) {
    auto all = nlohmann::ordered_json::array();
    for (const auto& [key, override] : overrides.all()) all.push_back(json_of(override));
    print_line({{"schema_version", 1}, {"ignored", std::move(all)}});
  } else {
    warehouse::Table table;
    table.columns = {"OBJECT", "OFFSETS", "SINCE", "REASON"};
    for (const auto& [key, override] : overrides.all())
      table.rows.push_back(
          {key, shown(override.range), base::format_iso(override.created_at), override.reason});
    print_out("{}", format_table(table));
  }
  if (!overrides.unreadable().empty()) return std::unexpected(overrides.unreadable().begin()->second);
  return 0;
}

}  // namespace

void define_lake_repair(settings::Commands& commands, CLI::App& lake, Action& action) {
  const auto options = std::make_shared<LakeRepairOptions>();
  auto& command = commands.add(
      lake, "repair",
      "Ignore a damaged or stray object from now on; without --apply, only print what that would change",
      "  spotify-pipeline lake repair OBJECT --reason 'its metadata are lost'          print what would "
      "change\n"
      "  spotify-pipeline lake repair OBJECT --reason 'its metadata are lost' --apply  do it\n"
      "  spotify-pipeline lake repair OBJECT --reason 'overlaps' --use 30,40 --apply   keep these offsets of "
      "it");
  command.parser().add_option("object", options->object, "Key of the object")->required();
  command.bind("repair.reason", options->reason, {.required = true});
  command.bind("repair.use", options->use);
  command.bind("repair.apply", options->apply);
  bind_log(command, options->log);
  command.bind("kafka.group", options->consumer.group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("upgrade.sinks-stopped", options->sinks_stopped);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      const bool names_warehouse =
          command.find("warehouse.place")->origin.kind == settings::Origin::Kind::flag;
      return run_repair(*options, names_warehouse, runtime);
    };
  });

  const auto listing = std::make_shared<LakeRepairOptions>();
  auto& list = commands.add_reader(lake, "repairs", "List the objects that are ignored",
                                   "  spotify-pipeline lake repairs --json  for a program");
  bind_lake(list, listing->lake);
  bind_services(list, listing->services);
  list.bind("output.json", listing->json);
  list.when_chosen([listing, &list, &action] {
    action = [listing, &list](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(list, listing->lake));
      return run_list(*listing, runtime);
    };
  });
}

}  // namespace sdp::cli
