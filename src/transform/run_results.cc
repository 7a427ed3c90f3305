#include "transform/run_results.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text_table.h"

namespace sdp::transform {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// `test.spotify_dbt.unique_top_songs_song_id.1a2b3c` is named by its third part.
std::string name_of(std::string_view unique_id) {
  const auto first = unique_id.find('.');
  const auto second = unique_id.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::string(unique_id);
  const auto rest = unique_id.substr(second + 1);
  return std::string(unique_id.starts_with("test.") ? rest.substr(0, rest.find('.')) : rest);
}

/// What runs before and after all models and tests.
bool is_hook(std::string_view unique_id) {
  return unique_id.starts_with("operation.");
}

/// The others are models and snapshots, which make tables.
bool is_test(std::string_view unique_id) {
  return unique_id.starts_with("test.") || unique_id.starts_with("unit_test.");
}

Failure failure_of(const json& result, const std::string& unique_id, bool is_warning) {
  Failure failure{.node = name_of(unique_id),
                  .is_test = is_test(unique_id),
                  .is_hook = is_hook(unique_id),
                  .is_warning = is_warning,
                  .message = text_of(result, "message"),
                  .rows = std::nullopt};
  const auto rows = result.find("failures");
  if (rows != result.end() && rows->is_number_unsigned()) failure.rows = rows->get<std::uint64_t>();
  return failure;
}

void count(TransformSummary& summary, const json& result) {
  const auto status = text_of(result, "status");
  const auto unique_id = text_of(result, "unique_id");
  if (is_hook(unique_id) && status == "success") return;
  if (status == "success" || status == "pass") {
    ++(is_test(unique_id) ? summary.tests_passed : summary.models_ok);
  } else if (status == "no-op") {
    // An exposure, of which only the description is of use.
  } else if (status == "skipped") {
    ++summary.skipped;
  } else if (status == "warn") {
    ++summary.warned;
    summary.failures.push_back(failure_of(result, unique_id, true));
  } else {
    ++summary.failed;
    summary.failures.push_back(failure_of(result, unique_id, false));
  }
}

double number_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

/// When the first of the node's steps began.
std::string start_of(const json& result) {
  const auto timing = result.find("timing");
  if (timing == result.end() || !timing->is_array() || timing->empty() || !timing->front().is_object())
    return {};
  return text_of(timing->front(), "started_at");
}

NodeResult node_of(const json& result) {
  const auto unique_id = text_of(result, "unique_id");
  NodeResult node{.name = name_of(unique_id),
                  .kind = unique_id.substr(0, unique_id.find('.')),
                  .status = text_of(result, "status"),
                  .message = text_of(result, "message"),
                  .failures = std::nullopt,
                  .started_at = start_of(result),
                  .seconds = number_of(result, "execution_time")};
  const auto failures = result.find("failures");
  if (failures != result.end() && failures->is_number_unsigned())
    node.failures = failures->get<std::uint64_t>();
  return node;
}

Result<json> document_of(std::string_view text) {
  auto document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("results") || !document["results"].is_array()) {
    return fail(ErrorKind::bad_input, "not a run_results.json of dbt");
  }
  for (const auto& result : document["results"]) {
    if (!result.is_object())
      return fail(ErrorKind::bad_input, "a result in run_results.json is not an object");
  }
  return document;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
}

}  // namespace

Result<TransformSummary> parse_run_results(std::string_view text) {
  SDP_TRY(const json document, document_of(text));
  TransformSummary summary;
  for (const auto& result : document["results"]) count(summary, result);
  return summary;
}

Result<BuildResults> parse_node_results(std::string_view text) {
  SDP_TRY(const json document, document_of(text));
  BuildResults build{.started_at = {}, .seconds = number_of(document, "elapsed_time"), .nodes = {}};
  const auto metadata = document.find("metadata");
  if (metadata != document.end() && metadata->is_object())
    build.started_at = text_of(*metadata, "invocation_started_at");
  for (const auto& result : document["results"]) {
    if (build.nodes.size() == kNodesMax) break;
    NodeResult node = node_of(result);
    // Nothing is done for an exposure.
    if (node.kind != "exposure") build.nodes.push_back(std::move(node));
  }
  return build;
}

std::string to_string(const TransformSummary& summary) {
  auto text = fmt::format("{}, {} passed, {} failed", base::plural(summary.models_ok, "model"),
                          base::plural(summary.tests_passed, "test"), summary.failed);
  if (summary.warned > 0) text += fmt::format(", {} warned", summary.warned);
  if (summary.skipped > 0) text += fmt::format(", {} skipped", summary.skipped);
  return text + fmt::format(" in {:.1f} s", summary.seconds);
}

std::string to_string(const Failure& failure) {
  auto text = fmt::format("{} {} {}",
                          failure.is_test   ? "test"
                          : failure.is_hook ? "hook"
                                            : "model",
                          failure.node, failure.is_warning ? "warned" : "failed");
  if (failure.rows) text += fmt::format(" on {}", base::plural(*failure.rows, "row"));
  if (!failure.message.empty()) text += fmt::format(" ({})", one_line(failure.message));
  return text;
}

}  // namespace sdp::transform
