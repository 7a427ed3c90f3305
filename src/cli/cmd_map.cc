#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/terminal_text.h"
#include "cli/command.h"
#include "cli/input_text.h"
#include "cli/json_output.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "event/scan.h"
#include "mapping/compile.h"
#include "mapping/mapping.h"
#include "verify/json_judge.h"
#include "verify/limits.h"
#include "verify/mapped_event.h"

namespace sdp::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kRecordsMax = 10;
constexpr std::size_t kSampleBytesMax = std::size_t{16} << 20;
constexpr std::size_t kShownMax = 2'000;

struct Options {
  std::string mapping;
  std::string sample;
  std::string deps;
  bool json = false;
};

/// What becomes of one record.
struct Fate {
  std::string event;      ///< what the mapping makes of it; empty where it is not a JSON object
  std::string not_event;  ///< why the sink refuses it
  event::Faults faults;   ///< why silver does

  bool kept() const { return not_event.empty() && faults.empty(); }
};

/// Lines, or the elements of an array, as far as they are shown.
Result<std::vector<std::string>> records_of(std::string_view text, std::string_view path) {
  std::vector<std::string> records;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '[') {
    auto elements = event::elements_of(text, kRecordsMax);
    if (!elements) return std::unexpected(elements.error().in(std::string(path)));
    return elements;
  }
  while (!text.empty() && records.size() < kRecordsMax) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) records.emplace_back(line);
  }
  return records;
}

Fate fate_of(std::string_view record, verify::EventMapper& mapper, event::Decoder& decoder) {
  if (const auto code = verify::judge(record, verify::VerifyLimits().value_bytes_max))
    return {.event = {}, .not_event = std::string(lake::name(*code)), .faults = {}};
  const auto event = mapper.map(record);
  if (!event)
    return {.event = {}, .not_event = std::string(lake::name(lake::RejectCode::not_json)), .faults = {}};
  Fate fate{.event = std::string(*event), .not_event = {}, .faults = {}};
  const auto verdict = decoder.decode(fate.event);
  if (verdict && !*verdict) fate.faults = verdict->error();
  return fate;
}

void print_json(const std::vector<Fate>& fates, std::string_view digest) {
  ordered_json records = ordered_json::array();
  for (const Fate& fate : fates) {
    ordered_json faults = ordered_json::array();
    for (const event::Rejection& fault : fate.faults)
      faults.push_back({{"reason", event::name(fault.reason)}, {"field", fault.field}});
    ordered_json one = {{"kept", fate.kept()}};
    if (!fate.event.empty()) one["event"] = ordered_json::parse(fate.event, nullptr, false);
    if (!fate.not_event.empty()) one["refused_by_sink"] = fate.not_event;
    one["faults"] = std::move(faults);
    records.push_back(std::move(one));
  }
  print_line({{"schema_version", 1}, {"mapping", digest}, {"records", std::move(records)}});
}

void print_text(const std::vector<Fate>& fates, std::string_view digest, std::string_view sample) {
  print_out("mapping {:.12}\n", digest);
  std::size_t number = 0;
  std::size_t kept = 0;
  for (const Fate& fate : fates) {
    std::string why = fate.not_event.empty() ? "" : fmt::format(" by the sink: {}", fate.not_event);
    for (const event::Rejection& fault : fate.faults)
      why += fmt::format("{} {} {}", why.empty() ? ":" : ",", event::name(fault.reason), fault.field);
    print_out("record {}: {}{}\n", ++number, fate.kept() ? "kept" : "rejected", why);
    if (!fate.event.empty()) {
      print_out("  {}{}\n", base::escaped(std::string_view(fate.event).substr(0, kShownMax)),
                fate.event.size() > kShownMax ? "..." : "");
    }
    kept += fate.kept();
  }
  if (!sample.empty()) print_out("{} of {} records are kept\n", kept, fates.size());
}

Result<int> run(const Options& options, const Runtime& runtime) {
  if (options.mapping.empty())
    return fail(ErrorKind::misconfigured, "name a mapping: a file, or one that comes with the program");
  SDP_TRY(const auto mapping, read_mapping(options.mapping, options.deps));
  for (const auto dialect : {mapping::Dialect::duckdb, mapping::Dialect::snowflake}) {
    if (const auto sql = mapping::compile(*mapping, dialect); !sql) return std::unexpected(sql.error());
  }
  std::vector<Fate> fates;
  if (!options.sample.empty()) {
    SDP_TRY(const std::string text,
            read_input(options.sample, kSampleBytesMax, "; take fewer records, ten are shown", runtime.stop));
    const std::string place = options.sample == "-" ? "standard input" : options.sample;
    SDP_TRY(const auto records, records_of(text, place));
    if (records.empty()) return fail(ErrorKind::bad_input, fmt::format("{} has no records", place));
    verify::EventMapper mapper(*mapping);
    event::Decoder decoder;
    for (const std::string& record : records) fates.push_back(fate_of(record, mapper, decoder));
  }
  const std::string digest = mapping::digest(*mapping);
  options.json ? print_json(fates, digest) : print_text(fates, digest, options.sample);
  const auto rejected = std::ranges::count_if(fates, [](const Fate& fate) { return !fate.kept(); });
  return rejected == 0 ? 0 : base::exit_code(ErrorKind::partial);
}

}  // namespace

void define_map(settings::Commands& commands, Action& action) {
  auto& parent =
      commands.add(commands.parser(), "map", "Try a mapping, which makes events of foreign records");
  parent.parser().require_subcommand(1);
  const auto options = std::make_shared<Options>();
  auto& command = commands.add_reader(parent.parser(), "check",
                                      "Check a mapping file, and show what it makes of ten records and what "
                                      "silver says to that; exits with 21 "
                                      "when it rejects some, with 78 when the file is wrong",
                                      "  spotify-pipeline map check listenbrainz --sample listens.jsonl\n"
                                      "  spotify-pipeline tap log --records 10 --json | jq -r .value | "
                                      "spotify-pipeline map check my.toml --sample -");
  command.parser()
      .add_option("mapping", options->mapping,
                  "The file, or the name of a mapping that comes with the program")
      ->required();
  command.bind("dbt.sample", options->sample);
  command.bind("dbt.deps", options->deps);
  command.bind("output.json", options->json);
  command.parser().callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
