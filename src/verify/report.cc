#include "verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sdp::verify {
namespace {

/// `1,234,567`
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string_view group_name(Stage stage) {
  switch (stage) {
    case Stage::log:
      return "chains";
    case Stage::lake:
    case Stage::bronze:
      return "objects";
    case Stage::silver:
    case Stage::marts:
      return "tables";
  }
  return "";
}

std::string table(const Report& report) {
  std::string text =
      fmt::format("{:<8}{:>16}  {:>16}{:>12}{:>12}\n", "stage", "records", "in", "pending", "problems");
  for (const Stage stage : kStages) {
    const StageReport& line = report.stage(stage);
    if (!line.looked_at) {
      text += fmt::format("{:<8}{:>16}\n", name(stage), "not looked at");
      continue;
    }
    text += fmt::format("{:<8}{:>16}  {:>16}{:>12}{:>12}\n", name(stage), grouped(line.records),
                        fmt::format("{} {}", grouped(line.groups), group_name(stage)), grouped(line.pending),
                        grouped(line.problems));
  }
  return text;
}

std::string named(const Finding& finding) {
  std::string text =
      fmt::format("  {}: {} ({})\n", name(finding.stage), finding.kind, grouped(finding.total));
  for (const std::string& name : finding.named) text += fmt::format("    {}\n", name);
  return text;
}

std::string proof(const Report& report) {
  std::string text = fmt::format("proved: {} offsets of {} chains in {} objects", grouped(report.offsets),
                                 grouped(report.chains), grouped(report.objects));
  text += fmt::format(", {} of them equal to the log's", grouped(report.offsets_against_log));
  if (report.stage(Stage::bronze).looked_at) text += ", each once in bronze";
  if (report.stage(Stage::silver).looked_at) {
    text += fmt::format("; {} kept + {} duplicates + {} rejected in silver", grouped(report.kept),
                        grouped(report.duplicates), grouped(report.rejected));
  }
  if (report.stage(Stage::marts).looked_at) {
    text += fmt::format("; {} mart cells equal to the recount", grouped(report.cells));
  }
  return text + "\n";
}

nlohmann::ordered_json stage_json(Stage stage, const StageReport& line) {
  return {{"stage", name(stage)},           {"looked_at", line.looked_at}, {"records", line.records},
          {group_name(stage), line.groups}, {"pending", line.pending},     {"problems", line.problems}};
}

}  // namespace

bool Report::proved() const {
  return std::ranges::none_of(findings, [&](const Finding& finding) { return counts(finding); });
}

std::string to_text(const Report& report) {
  std::string text = table(report);
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", note);
  for (const Finding& finding : report.findings) {
    if (!report.counts(finding)) text += "pending, as allowed:\n" + named(finding);
  }
  if (report.proved()) return text + proof(report);
  std::uint64_t problems = 0;
  std::string offenders;
  for (const Finding& finding : report.findings) {
    if (!report.counts(finding)) continue;
    problems += finding.total;
    offenders += named(finding);
  }
  return text + fmt::format("NOT proved: {} problems\n{}", grouped(problems), offenders);
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json json = {{"version", 1},
                                 {"proved", report.proved()},
                                 {"allow_pending", report.allow_pending},
                                 {"offsets", report.offsets},
                                 {"offsets_against_log", report.offsets_against_log},
                                 {"chains", report.chains},
                                 {"objects", report.objects},
                                 {"kept", report.kept},
                                 {"duplicates", report.duplicates},
                                 {"rejected", report.rejected},
                                 {"cells", report.cells}};
  json["stages"] = nlohmann::ordered_json::array();
  for (const Stage stage : kStages) json["stages"].push_back(stage_json(stage, report.stage(stage)));
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back({{"stage", name(finding.stage)},
                                {"kind", finding.kind},
                                {"pending", finding.pending},
                                {"total", finding.total},
                                {"named", finding.named}});
  }
  json["notes"] = report.notes;
  // Names come from stored bytes, which need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sdp::verify
