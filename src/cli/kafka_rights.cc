#include "cli/kafka_rights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sdp::cli {
namespace {

/// A command, and what it lacks.
struct Verdict {
  std::string_view command;
  std::vector<std::string> lacks;
};

bool is_allowed(const log::kafka::Rights& rights, const CommandRight& right) {
  // Of what is not there yet nobody can tell; the check of the log says that a topic is missing.
  const auto& operations = right.resource == "topic" ? rights.topic : rights.group;
  if (!operations || operations->contains(right.operation)) return true;
  // Who may create topics on the cluster may create this one.
  return right.operation == "Create" && rights.cluster.contains(right.operation);
}

std::vector<Verdict> verdicts(const log::kafka::Rights& rights, const RightsAsked& asked) {
  std::vector<Verdict> all;
  for (const CommandRight& right : kCommandRights) {
    if (all.empty() || all.back().command != right.command) all.push_back({right.command, {}});
    if (is_allowed(rights, right)) continue;
    all.back().lacks.push_back(fmt::format("{} on {} {}", right.operation, right.resource,
                                           right.resource == "topic" ? asked.topic : asked.group));
  }
  return all;
}

std::string unknown_of(const log::kafka::Rights& rights, const RightsAsked& asked) {
  std::vector<std::string> parts;
  if (!rights.topic) parts.push_back(fmt::format("topic {}", asked.topic));
  if (!rights.group) parts.push_back(fmt::format("group {}", asked.group));
  if (parts.empty()) return "";
  return fmt::format("; brokers do not tell what may be done with {}, as there is none yet",
                     fmt::join(parts, " and "));
}

}  // namespace

Result<Found> judge_rights(const log::kafka::Rights& rights, const RightsAsked& asked) {
  const std::string who =
      asked.user.empty() ? "a client without a login" : fmt::format("user {}", asked.user);
  std::vector<std::string_view> may;
  std::vector<std::string> lacking;
  for (const Verdict& verdict : verdicts(rights, asked)) {
    if (verdict.lacks.empty()) {
      may.push_back(verdict.command);
    } else {
      lacking.push_back(fmt::format("{} needs {}", verdict.command, fmt::join(verdict.lacks, " and ")));
    }
  }
  const std::string unknown = unknown_of(rights, asked);
  if (lacking.empty())
    return Found{.text = fmt::format("{} may run {}{}", who, fmt::join(may, ", "), unknown)};
  const std::string what = fmt::format("{}{} (docs/kafka-rights.md grants it){}", may.empty() ? "" : "; ",
                                       fmt::join(lacking, ", "), unknown);
  if (may.empty()) return fail(ErrorKind::unauthorized, fmt::format("{} may run no command: {}", who, what));
  return Found{.text = fmt::format("{} may run {}{}", who, fmt::join(may, ", "), what), .is_warning = true};
}

}  // namespace sdp::cli
