#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "cli/command.h"
#include "cli/input_text.h"
#include "cli/json_output.h"
#include "cli/sample.h"
#include "cli/sample_reader.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "event/decode.h"
#include "lake/framed_json.h"
#include "mapping/compile.h"
#include "mapping/mapping.h"
#include "verify/json_judge.h"
#include "verify/limits.h"
#include "verify/mapped_event.h"

namespace sdp::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kShownMax = 2'000;

struct MapOptions {
  std::string mapping;
  std::string sample;  ///< empty: no file
  std::size_t records = 10;
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  std::string deps;
  bool json = false;
};

/// Where the records are that the mapping is tried on.
enum class From { nowhere, file, log, lake };

/// What becomes of one record.
struct Fate {
  SampleRecord record;
  std::string event;      ///< what the mapping makes of it; empty where it is not a JSON object
  std::string not_event;  ///< why the sink refuses it
  event::Faults faults;   ///< why silver does

  bool kept() const { return not_event.empty() && faults.empty(); }
};

/// Only flags say it: variables that name a topic and a lake are set for many commands.
Result<From> source_of(const MapOptions& options, const settings::Command& command) {
  const auto is_named = [&command](std::string_view name) {
    return command.find(name)->origin.kind == settings::Origin::Kind::flag;
  };
  const bool log = is_named("kafka.topic");
  const bool lake = is_named("lake.place");
  if (static_cast<int>(!options.sample.empty()) + static_cast<int>(log) + static_cast<int>(lake) > 1)
    return fail(ErrorKind::misconfigured,
                "--sample, --topic and --lake each say where the records are; leave all but one out");
  SDP_RETURN_IF_ERROR(check_sample_flags(command, log, lake));
  if (lake) SDP_RETURN_IF_ERROR(check_lake_flags(command, options.lake));
  if (log) return From::log;
  if (lake) return From::lake;
  return options.sample.empty() ? From::nowhere : From::file;
}

Result<std::vector<SampleRecord>> read_file(const MapOptions& options, const std::stop_token& stop) {
  SDP_TRY(const std::string text,
          read_input(options.sample, kSampleBytesMax,
                     fmt::format("; take fewer records, {} are tried", options.records), stop));
  const std::string place = options.sample == "-" ? "standard input" : options.sample;
  // A byte order mark is the file's, not that of its first record.
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  const std::size_t begin = text.starts_with(kMark) ? kMark.size() : 0;
  SDP_TRY(auto records, records_of(std::string_view(text).substr(begin), place, options.records));
  if (records.empty()) return fail(ErrorKind::bad_input, fmt::format("{} has no records", place));
  return records;
}

Result<std::vector<SampleRecord>> read_sample(const MapOptions& options, From from, const Runtime& runtime) {
  switch (from) {
    case From::nowhere:
      return std::vector<SampleRecord>();
    case From::file:
      return read_file(options, runtime.stop);
    case From::log: {
      SDP_TRY(const auto log, open_kafka(options.log, options.services));
      return newest_of_log(*log, options.records, options.log.kafka.call_timeout, runtime.stop);
    }
    case From::lake: {
      SDP_TRY(const Lake lake, open_lake(options.lake, options.services, runtime.clock));
      return newest_of_lake(*lake.store, options.records, runtime.stop);
    }
  }
  std::unreachable();
}

Fate fate_of(SampleRecord record, verify::EventMapper& mapper, event::Decoder& decoder) {
  Fate fate{.record = std::move(record), .event = {}, .not_event = {}, .faults = {}};
  const SampleRecord& sample = fate.record;
  const auto refused =
      sample.refused ? sample.refused : verify::judge(sample.value, verify::VerifyLimits().value_bytes_max);
  if (refused) {
    fate.not_event = lake::name(*refused);
    return fate;
  }
  const auto framed = lake::framed_json(*sample.value);
  const auto event = mapper.map(framed ? framed->json : std::string_view(*sample.value));
  if (!event) {
    fate.not_event = lake::name(lake::RejectCode::not_json);
    return fate;
  }
  fate.event = *event;
  const auto verdict = decoder.decode(fate.event);
  if (verdict && !*verdict) fate.faults = verdict->error();
  return fate;
}

/// What the code does not tell of a record that the sink refuses.
std::string_view note_of(const Fate& fate) {
  const SampleRecord& sample = fate.record;
  const bool is_kept_now = sample.refused && sample.value && lake::framed_json(*sample.value) &&
                           !verify::judge(sample.value, verify::VerifyLimits().value_bytes_max);
  return is_kept_now ? "an earlier version rejected it for the five bytes of a schema registry in front of "
                       "its JSON, which this version keeps"
                     : "";
}

void print_json(const std::vector<Fate>& fates, std::string_view digest) {
  ordered_json records = ordered_json::array();
  for (const Fate& fate : fates) {
    ordered_json faults = ordered_json::array();
    for (const event::Rejection& fault : fate.faults)
      faults.push_back({{"reason", event::name(fault.reason)}, {"field", fault.field}});
    ordered_json one = ordered_json::object();
    if (const auto& at = fate.record.at) one = {{"partition", at->partition}, {"offset", at->offset}};
    one["kept"] = fate.kept();
    if (!fate.event.empty()) one["event"] = ordered_json::parse(fate.event, nullptr, false);
    if (!fate.not_event.empty()) one["refused_by_sink"] = fate.not_event;
    if (const auto note = note_of(fate); !note.empty()) one["note"] = note;
    one["faults"] = std::move(faults);
    records.push_back(std::move(one));
  }
  print_line({{"schema_version", 1}, {"mapping", digest}, {"records", std::move(records)}});
}

/// What is wrong with how many records, the most frequent first.
void print_reasons(const std::vector<Fate>& fates) {
  std::map<std::string, std::size_t> counts;
  for (const Fate& fate : fates) {
    if (!fate.not_event.empty()) ++counts[fmt::format("{} by the sink", fate.not_event)];
    for (const event::Rejection& fault : fate.faults)
      ++counts[fmt::format("{} {}", event::name(fault.reason), fault.field)];
  }
  std::vector<std::pair<std::string, std::size_t>> reasons(counts.begin(), counts.end());
  std::ranges::sort(reasons, [](const auto& one, const auto& other) {
    return one.second == other.second ? one.first < other.first : one.second > other.second;
  });
  for (const auto& [reason, count] : reasons) print_out("  {}: {}\n", count, reason);
}

void print_text(const std::vector<Fate>& fates, std::string_view digest) {
  print_out("mapping {:.12}\n", digest);
  std::size_t kept = 0;
  for (const Fate& fate : fates) {
    std::string why = fate.not_event.empty() ? "" : fmt::format(" by the sink: {}", fate.not_event);
    if (const auto note = note_of(fate); !note.empty()) why += fmt::format(", because {}", note);
    for (const event::Rejection& fault : fate.faults)
      why += fmt::format("{} {} {}", why.empty() ? ":" : ",", event::name(fault.reason), fault.field);
    print_out("{}: {}{}\n", base::escaped(fate.record.place), fate.kept() ? "kept" : "rejected", why);
    if (!fate.event.empty()) {
      print_out("  {}{}\n", base::escaped(std::string_view(fate.event).substr(0, kShownMax)),
                fate.event.size() > kShownMax ? "..." : "");
    }
    kept += fate.kept();
  }
  if (fates.empty()) return;
  print_out("{} of {} records are kept\n", kept, fates.size());
  print_reasons(fates);
}

Result<int> run(const MapOptions& options, const settings::Command& command, const Runtime& runtime) {
  if (options.mapping.empty())
    return fail(ErrorKind::misconfigured, "name a mapping: a file, or one that comes with the program");
  SDP_TRY(const From from, source_of(options, command));
  SDP_TRY(const auto mapping, read_mapping(options.mapping, options.deps));
  for (const auto dialect : {mapping::Dialect::duckdb, mapping::Dialect::snowflake}) {
    if (const auto sql = mapping::compile(*mapping, dialect); !sql) return std::unexpected(sql.error());
  }
  SDP_TRY(auto sample, read_sample(options, from, runtime));
  verify::EventMapper mapper(*mapping);
  event::Decoder decoder;
  std::vector<Fate> fates;
  for (SampleRecord& record : sample) fates.push_back(fate_of(std::move(record), mapper, decoder));
  const std::string digest = mapping::digest(*mapping);
  options.json ? print_json(fates, digest) : print_text(fates, digest);
  return std::ranges::all_of(fates, &Fate::kept) ? 0 : base::exit_code(ErrorKind::partial);
}

}  // namespace

void define_map(settings::Commands& commands, Action& action) {
  auto& parent =
      commands.add(commands.parser(), "map", "Try a mapping, which makes events of foreign records");
  parent.require_command_below();
  const auto options = std::make_shared<MapOptions>();
  auto& command = commands.add_reader(
      parent.parser(), "check",
      "Check a mapping file, and show what it makes of some records of a file, a topic or a lake, and what "
      "silver says to that; exits with 21 when it rejects some, with 78 when the file is wrong. Joins no "
      "group and commits nothing",
      "  spotify-pipeline map check listenbrainz --sample listens.jsonl\n"
      "  spotify-pipeline map check my.toml --topic listens --records 1000    the newest thousand\n"
      "  spotify-pipeline map check my.toml --lake s3://spotify/listens       of the newest objects");
  command.parser()
      .add_option("mapping", options->mapping,
                  "The file, or the name of a mapping that comes with the program")
      ->required();
  command.bind("dbt.sample", options->sample);
  command.bind("dbt.sample-records", options->records);
  bind_log(command, options->log);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.bind("dbt.deps", options->deps);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
