#include "transform/dbt_child.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// The last lines of the output, which is where dbt says what was wrong.
std::string last_lines(std::string_view tail) {
  constexpr std::size_t kShownMax = 600;
  if (tail.size() > kShownMax) {
    tail.remove_prefix(tail.size() - kShownMax);
    tail.remove_prefix(std::min(tail.size(), tail.find('\n') + 1));
  }
  std::string text(tail);
  std::ranges::replace(text, '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

fs::path command_folder(const TransformOptions& options) {
  return options.warehouse_path.empty() ? fs::absolute(options.work_dir)
                                        : fs::absolute(options.warehouse_path).parent_path();
}

}  // namespace

Result<void> check_dbt(const TransformOptions& options) {
  if (::access(options.dbt_path.c_str(), X_OK) != 0) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no dbt at {}: run `tools/setup build`", options.dbt_path.string()));
  }
  if (!fs::exists(options.project_dir / "dbt_project.yml")) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no dbt_project.yml in {}", options.project_dir.string()));
  }
  if (options.warehouse_path.empty()) return {};
  const auto folder = fs::absolute(options.warehouse_path).parent_path();
  if (!fs::is_directory(folder)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no folder for the warehouse {}: load first, or name another",
                            options.warehouse_path.string()));
  }
  return {};
}

os::Command dbt_command(const TransformOptions& options, std::vector<std::string> arguments, fs::path log) {
  if (options.dbt_client.empty()) {
    arguments.insert(arguments.begin(), fs::absolute(options.dbt_path).string());
  } else {
    arguments.insert(arguments.begin(), options.dbt_client.begin(), options.dbt_client.end());
  }
  os::Command command{.arguments = std::move(arguments),
                      .environment = dbt_environment(options),
                      .folder = command_folder(options),
                      .log = std::move(log),
                      .on_line = options.verbose ? log_line : nullptr};
  if (!options.warehouse_path.empty()) {
    // dbt parses the whole project again when the text of this path differs from the last time. By its bare
    // name, in its own folder, the text is the same for a warehouse that was moved, and for every other one.
    command.environment["SDP_WAREHOUSE_PATH"] = fs::absolute(options.warehouse_path).filename().string();
  }
  return command;
}

Error dbt_ended_badly(const TransformOptions& options, const os::ChildEnd& end, const fs::path& log) {
  const auto where = fmt::format("{}; see {}", last_lines(end.tail), log.string());
  if (end.tail.find("Could not set lock on file") != std::string::npos) {
    return {
        ErrorKind::fenced,
        fmt::format("another process has the warehouse {} open: close it, then run the command again ({})",
                    options.warehouse_path.string(), where)};
  }
  for (const std::string_view full : {"No space left on device", "Disk quota exceeded"}) {
    if (end.tail.find(full) == std::string::npos) continue;
    return {
        ErrorKind::cannot_write,
        fmt::format("dbt cannot write in {} or {}: {}; free some space on that file system, then run again",
                    options.work_dir.string(), command_folder(options).string(), full)};
  }
  if (end.code == kDbtCouldNotBegin) {
    return {ErrorKind::misconfigured, fmt::format("dbt could not begin (exit code 2): {}", where)};
  }
  return {ErrorKind::fatal, fmt::format("dbt ended with {} and left no results: {}", end.code, where)};
}

}  // namespace sdp::transform
