#include "simulate/oracle_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/lines.h"
#include "base/utc_time.h"
#include "simulate/event_source.h"
#include "simulate/fault_injector.h"
#include "simulate/oracle_file.h"

namespace sdp::simulate {
namespace {

using Json = nlohmann::ordered_json;

constexpr Profile kProfiles[] = {Profile::seed, Profile::realistic, Profile::listeners};

/// Of a run: its behaviour, which is a file of TOML, is the longest part.
constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;

std::string_view name(Profile profile) {
  switch (profile) {
    case Profile::seed:
      return "seed";
    case Profile::realistic:
      return "realistic";
    case Profile::listeners:
      return "listeners";
  }
  std::unreachable();
}

/// Calls `member(name, value)` for each member of a run, to write them or to read them. Does not compile when
/// it misses one of the spec.
template <typename Run, typename Member>
void each_member(Run& run, Member&& member) {
  auto& [profile, seed, start, events, duration, rate, speed, users, songs, popularity, session_gap,
         behaviour, faults] = run.spec;
  member("mix", profile);
  member("seed", seed);
  member("start", start);
  member("events", events);
  member("duration_ms", duration);
  member("rate", rate);
  member("speed", speed);
  member("users", users);
  member("songs", songs);
  member("popularity", popularity);
  member("session_gap_ms", session_gap);
  member("behaviour", behaviour);
  member("faults", faults);
  member("records", run.records);
  member("another_log", run.another_log);
}

struct Writing {
  Json json;

  void operator()(const char* member, Profile profile) { json[member] = name(profile); }
  void operator()(const char* member, const Behaviour& behaviour) { json[member] = changes_of(behaviour); }
  void operator()(const char* member, UtcMillis time) { json[member] = base::format_iso(time); }
  void operator()(const char* member, std::chrono::milliseconds time) { json[member] = time.count(); }
  void operator()(const char* member, const FaultSpec& faults) {
    if (!faults.rates.any()) return;
    for (const FaultClass& one : kFaultClasses) {
      if (faults.rates[one.fault] > 0) json[member][std::string(one.name)] = faults.rates[one.fault];
    }
    json["value_bytes_max"] = faults.value_bytes_max;
  }
  template <typename Number>
  void operator()(const char* member, Number number) {
    json[member] = number;
  }
};

/// Remembers the first member that is not as it must be.
struct Reading {
  const Json& json;
  std::string wrong;

  const Json* find(const char* member, bool (Json::*is)() const noexcept) {
    const auto found = json.find(member);
    if (found != json.end() && ((*found).*is)()) return &*found;
    is_wrong(member);
    return nullptr;
  }
  void is_wrong(const char* member) {
    if (wrong.empty()) wrong = member;
  }
  void operator()(const char* member, Profile& profile) {
    const Json* const found = find(member, &Json::is_string);
    if (found == nullptr) return;
    const auto at = std::ranges::find_if(kProfiles, [&](Profile one) { return *found == name(one); });
    if (at != std::end(kProfiles)) {
      profile = *at;
    } else {
      is_wrong(member);
    }
  }
  void operator()(const char* member, Behaviour& behaviour) {
    const Json* const found = find(member, &Json::is_string);
    if (found == nullptr) return;
    auto read = behaviour_of(found->get<std::string>(), member);
    if (read) {
      behaviour = *std::move(read);
    } else {
      is_wrong(member);
    }
  }
  void operator()(const char* member, UtcMillis& time) {
    const Json* const found = find(member, &Json::is_string);
    const auto parsed = found == nullptr ? std::nullopt : base::parse_iso(found->get<std::string>());
    if (parsed) {
      time = *parsed;
    } else {
      is_wrong(member);
    }
  }
  void operator()(const char* member, std::chrono::milliseconds& time) {
    if (const Json* const found = find(member, &Json::is_number_integer)) {
      time = std::chrono::milliseconds(found->get<std::int64_t>());
    }
  }
  /// There are none where the member is missing.
  void operator()(const char* member, FaultSpec& faults) {
    if (!json.contains(member)) return;
    const Json* const found = find(member, &Json::is_object);
    if (found == nullptr) return;
    for (const auto& [name, rate] : found->items()) {
      const FaultClass* const one = find_fault(name);
      if (one != nullptr && rate.is_number()) {
        faults.rates[one->fault] = rate.get<double>();
      } else {
        wrong = member;
      }
    }
    (*this)("value_bytes_max", faults.value_bytes_max);
  }
  void operator()(const char* member, bool& value) {
    if (const Json* const found = find(member, &Json::is_boolean)) value = found->get<bool>();
  }
  void operator()(const char* member, double& value) {
    if (const Json* const found = find(member, &Json::is_number)) value = found->get<double>();
  }
  template <std::unsigned_integral Number>
  void operator()(const char* member, Number& value) {
    const Json* const found = find(member, &Json::is_number_unsigned);
    if (found == nullptr) return;
    const auto number = found->get<std::uint64_t>();
    if (number > std::numeric_limits<Number>::max()) return is_wrong(member);
    value = static_cast<Number>(number);
  }
};

std::unexpected<Error> broken(std::string_view file, std::size_t line, std::string_view why) {
  return fail(ErrorKind::misconfigured, fmt::format("{} line {}: {}", file, line, why));
}

Result<OracleRun> parse_run(const Json& json, std::string_view file, std::size_t line) {
  OracleRun run;
  if (!json.is_object()) return broken(file, line, "`run` must be an object");
  Reading reading{.json = json, .wrong = {}};
  each_member(run, reading);
  if (json.contains("stopped_after")) reading("stopped_after", run.stopped_after.emplace());
  if (json.contains("steered")) reading("steered", run.steered);
  if (json.contains("topic_by_type")) reading("topic_by_type", run.topic_by_type);
  const auto digest = json.find("digest");
  if (digest == json.end() || !digest->is_string()) {
    reading.is_wrong("digest");
  } else {
    const auto& text = digest->get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), run.digest, 16);
    if (error != std::errc() || end != text.data() + text.size()) reading.is_wrong("digest");
  }
  if (!reading.wrong.empty())
    return broken(file, line, fmt::format("the member `{}` of a run is not as it must be", reading.wrong));
  return run;
}

}  // namespace

std::string to_json(const OracleRun& run) {
  Writing writing;
  each_member(run, writing);
  if (run.stopped_after) writing("stopped_after", *run.stopped_after);
  if (run.steered) writing("steered", run.steered);
  if (run.topic_by_type) writing("topic_by_type", run.topic_by_type);
  writing.json["digest"] = fmt::format("{:016x}", run.digest);
  return writing.json.dump();
}

Result<std::vector<OracleRun>> read_oracle_runs(std::istream& text, std::string_view file) {
  std::vector<OracleRun> runs;
  std::string line;
  for (std::size_t number = 1; base::read_line(text, line, kLineBytesMax) == base::LineRead::whole;
       ++number) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return broken(file, number, "a JSON object must stand here");
    if (number == 1) {
      if (json.value("oracle", Json()) != kOracleVersion)
        return broken(file, number,
                      fmt::format("an oracle of version {} begins with {{\"oracle\":{}}}", kOracleVersion,
                                  kOracleVersion));
      continue;
    }
    const auto run = json.find("run");
    if (run == json.end()) return runs;
    SDP_TRY(const OracleRun parsed, parse_run(*run, file, number));
    runs.push_back(parsed);
  }
  return broken(file, 1, "the file ends before its counts");
}

bool has_same_events(const SimulationSpec& one, const SimulationSpec& other) {
  return one.profile == other.profile && one.seed == other.seed && one.start == other.start;
}

Result<void> tell_again(const OracleRun& run, Oracle& oracle) {
  if (run.steered) {
    return fail(ErrorKind::misconfigured,
                fmt::format("oracle: the faults of the run of {} were changed by --control while it ran, so "
                            "it cannot be simulated again; begin a new oracle, with another topic",
                            base::format_iso(run.spec.start)));
  }
  auto other = fail(
      ErrorKind::misconfigured,
      fmt::format("oracle: the run of {} makes other events now than then: the file was changed, or another "
                  "version of this program wrote it; begin a new one",
                  base::format_iso(run.spec.start)));
  // Each event has a record of each class at most. Simulating what no file can tell would take days.
  if (run.records / (kFaultClasses.size() + 1) > oracle.events_max()) return other;
  SDP_TRY(const auto source, open_source(run.spec));
  oracle.begin_run(run.another_log);
  if (run.topic_by_type) oracle.expect_logs_by_type();
  oracle.expect(run.records);
  FaultInjector records(run.spec, *source);
  if (run.stopped_after) records.end_after(*run.stopped_after);
  SimulatedRecord record;
  // More than an oracle counts was in no file, whatever a number in it says.
  for (std::uint64_t i = 0; i < run.records && !oracle.is_full() && records.next(record); ++i)
    tell(oracle, record);
  if (oracle.digest() == run.digest) return {};
  return other;
}

}  // namespace sdp::simulate
