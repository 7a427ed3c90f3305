#include "transform/freshness.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/utc_time.h"
#include "os/files.h"
#include "transform/dbt_child.h"
#include "transform/kept_parse.h"
#include "transform/work_dir.h"

namespace sdp::transform {
namespace {

using nlohmann::json;

constexpr std::string_view kSourcesFile = "sources.json";
constexpr std::size_t kSourcesBytesMax = std::size_t{16} << 20;
/// Exit code of dbt: a source is stale, or could not be asked.
constexpr int kSourceFailed = 1;
/// What dbt gives for a source without a time: the first moment of its calendar.
constexpr std::string_view kNoTime = "0001-01-01T";

std::string member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// `{"count": 3, "period": "hour"}`; nothing where a count is null.
std::optional<std::int64_t> seconds_of(const json& criteria, const char* name) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 3> kPeriods{
      {{"minute", 60}, {"hour", 3'600}, {"day", 86'400}}};
  const auto limit = criteria.find(name);
  if (limit == criteria.end() || !limit->is_object()) return std::nullopt;
  const auto count = limit->find("count");
  if (count == limit->end() || !count->is_number_integer()) return std::nullopt;
  for (const auto& [period, seconds] : kPeriods) {
    if (member(*limit, "period") == period) return count->get<std::int64_t>() * seconds;
  }
  return std::nullopt;
}

/// `source.spotify_dbt.bronze.load_ledger` without its first two parts.
std::string source_name(std::string_view unique_id) {
  for (int part = 0; part < 2; ++part)
    unique_id.remove_prefix(std::min(unique_id.size(), unique_id.find('.') + 1));
  return std::string(unique_id);
}

std::optional<Freshness> state_of(std::string_view status) {
  if (status == "pass") return Freshness::fresh;
  if (status == "warn") return Freshness::late;
  if (status == "error") return Freshness::stale;
  return std::nullopt;
}

/// `2026-02-15T14:59:00.123456+00:00`, or with a Z.
std::string in_our_spelling(std::string_view time) {
  const auto parsed = base::parse_iso(time);
  return parsed ? base::format_iso(*parsed) : std::string(time);
}

Result<SourceFreshness> source_of(const json& result) {
  SourceFreshness source;
  source.source = source_name(member(result, "unique_id"));
  const auto state = state_of(member(result, "status"));
  if (!state) {
    return fail(ErrorKind::fatal,
                fmt::format("dbt could not ask the source {}: {}", source.source, member(result, "error")));
  }
  if (const auto criteria = result.find("criteria"); criteria != result.end() && criteria->is_object()) {
    source.late_after_s = seconds_of(*criteria, "warn_after");
    source.stale_after_s = seconds_of(*criteria, "error_after");
  }
  const std::string newest = member(result, "max_loaded_at");
  if (newest.empty() || newest.starts_with(kNoTime)) return source;
  source.state = *state;
  source.newest = in_our_spelling(newest);
  if (const auto age = result.find("max_loaded_at_time_ago_in_s"); age != result.end() && age->is_number())
    source.age_s = std::llround(age->get<double>());
  return source;
}

}  // namespace

std::string_view to_string(Freshness state) {
  switch (state) {
    case Freshness::fresh:
      return "fresh";
    case Freshness::late:
      return "late";
    case Freshness::stale:
      return "stale";
    case Freshness::empty:
      return "empty";
  }
  return "empty";
}

Result<std::vector<SourceFreshness>> parse_sources(std::string_view text) {
  const auto document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("results") || !document["results"].is_array())
    return fail(ErrorKind::bad_input, "not a sources.json of dbt");
  std::vector<SourceFreshness> sources;
  for (const auto& result : document["results"]) {
    if (!result.is_object()) return fail(ErrorKind::bad_input, "a result in sources.json is not an object");
    SDP_TRY(auto source, source_of(result));
    sources.push_back(std::move(source));
  }
  return sources;
}

Result<std::vector<SourceFreshness>> measure_freshness(const TransformOptions& options,
                                                       std::stop_token stop) {
  const auto target = target_path(options);
  const auto path = target / kSourcesFile;
  const auto log = work_file(options.work_dir, WorkFile::freshness_log);
  SDP_RETURN_IF_ERROR(check_dbt(options));
  SDP_RETURN_IF_ERROR(os::make_folder(target));
  // What an earlier call left is not this one's.
  std::error_code missing;
  std::filesystem::remove(path, missing);
  take_parsed(options);
  SDP_TRY(const os::ChildEnd end, os::run_child(dbt_command(options, {"source", "freshness"}, log),
                                                {.total = options.time_limit}, std::move(stop)));
  SDP_TRY(const auto text, os::read_file(path, kSourcesBytesMax));
  if (end.code > kSourceFailed || !text) return std::unexpected(dbt_ended_badly(options, end, log));
  auto sources = parse_sources(*text);
  if (!sources) return std::unexpected(sources.error().in(path.string()));
  if (sources->empty()) {
    return fail(ErrorKind::fatal,
                fmt::format("no source in {} declares a freshness", options.project_dir.string()));
  }
  return sources;
}

}  // namespace sdp::transform
