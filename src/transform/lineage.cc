#include "transform/lineage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "os/child.h"
#include "transform/transform.h"
#include "transform/work_dir.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// A collector that does not answer must not hold up a pipeline whose marts are done.
constexpr std::chrono::milliseconds kTimeLimit{60'000};
/// What the sender says of each event that it could not send; its exit code does not tell. It tries an event
/// for 9 s, and there are two for each model.
constexpr std::string_view kNotSent = "failed to emit event";

bool is_true(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "1";
}

fs::path sender_of(const TransformOptions& options) {
  return options.dbt_path.parent_path() / "dbt-ol";
}

}  // namespace

bool lineage_is_wanted() {
  bool wanted = false;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    const auto value = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view{};
    if (name == "OPENLINEAGE_DISABLED" && is_true(value)) return false;
    const bool names_one = name == "OPENLINEAGE_URL" || name == "OPENLINEAGE_CONFIG" ||
                           name.starts_with("OPENLINEAGE__TRANSPORT");
    wanted = wanted || (names_one && !value.empty());
  }
  return wanted;
}

fs::path lineage_log_path(const TransformOptions& options) {
  return work_file(options.work_dir, WorkFile::lineage_log);
}

Result<void> send_lineage(const TransformOptions& options, std::stop_token stop) {
  if (!fs::exists(results_path(options))) return {};
  const auto sender = sender_of(options);
  if (::access(sender.c_str(), X_OK) != 0) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no dbt-ol at {}: run `tools/setup build`", sender.string()));
  }
  std::string refused;
  std::stop_source give_up;
  const std::stop_callback asked_to_stop(stop, [&give_up] { give_up.request_stop(); });
  const auto on_line = [&](std::string_view line) {
    if (options.verbose) log_line(line);
    const auto at = line.find(kNotSent);
    if (at == std::string_view::npos || !refused.empty()) return;
    refused = line.substr(at);
    give_up.request_stop();
  };
  // After dbt and not around it: what sends lineage could leave a dbt behind that nobody waits for.
  const os::Command command{.arguments = {fs::absolute(sender).string(), "send-events", "--project-dir",
                                          fs::absolute(options.project_dir).string(), "--target-path",
                                          fs::absolute(target_path(options)).string()},
                            .environment = dbt_environment(options),
                            .folder = fs::absolute(options.work_dir),
                            .log = lineage_log_path(options),
                            .on_line = on_line};
  const auto end = os::run_child(command, {.total = kTimeLimit}, give_up.get_token());
  const auto see = fmt::format("see {}", lineage_log_path(options).string());
  // A line is cut at its limit, and what it had behind that is in the tail.
  if (refused.empty() && end && end->tail.contains(kNotSent)) refused = kNotSent;
  if (!refused.empty()) {
    return fail(
        ErrorKind::unavailable,
        fmt::format("the collector did not take an event and was sent no more: {}; {}", refused, see));
  }
  if (!end) return std::unexpected(end.error());
  if (end->code != 0) return fail(ErrorKind::fatal, fmt::format("dbt-ol ended with {}; {}", end->code, see));
  return {};
}

}  // namespace sdp::transform
