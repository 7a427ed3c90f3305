#include "verify/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/terminal_text.h"
#include "base/text_table.h"

namespace sdp::verify {
namespace {

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
  base::TextTable table{.columns = {"stage", "records", "in", "pending", "problems"}, .rows = {}};
  for (const Stage stage : kStages) {
    const StageReport& line = report.stage(stage);
    if (!line.looked_at) {
      table.rows.push_back({std::string(name(stage)), "-", "not looked at", "-", "-"});
      continue;
    }
    table.rows.push_back({std::string(name(stage)), base::with_commas(line.records),
                          fmt::format("{} {}", base::with_commas(line.groups), group_name(stage)),
                          base::with_commas(line.pending), base::with_commas(line.problems)});
  }
  return base::format_table(table);
}

std::string named(const Finding& finding) {
  std::string text =
      fmt::format("  {}: {} ({})\n", name(finding.stage), finding.kind, base::with_commas(finding.total));
  for (const std::string& name : finding.named) text += fmt::format("    {}\n", base::escaped(name));
  return text;
}

/// `, except MART.X (no recount)`; empty when every mart was compared and nothing is lost.
std::string except(const Report& report) {
  return report.exceptions.empty()
             ? ""
             : fmt::format(", except {}",
                           base::escaped(fmt::format("{}", fmt::join(report.exceptions, ", "))));
}

std::string proof(const Report& report) {
  std::string text =
      fmt::format("proved{}: {} of {} in {}", except(report), base::plural(report.offsets, "offset"),
                  base::plural(report.chains, "chain"), base::plural(report.objects, "object"));
  text += fmt::format(", {} of them equal to the log's", base::with_commas(report.offsets_against_log));
  if (report.stage(Stage::bronze).looked_at) text += ", each once in bronze";
  if (report.stage(Stage::silver).looked_at) {
    text +=
        fmt::format("; {} kept + {} + {} rejected{} in silver", base::with_commas(report.kept),
                    base::plural(report.duplicates, "duplicate"), base::with_commas(report.rejected),
                    report.faults > 0 ? fmt::format(" for {}", base::plural(report.faults, "fault")) : "");
  }
  if (report.stage(Stage::marts).looked_at) {
    text += fmt::format("; {} equal to the recount", base::plural(report.cells, "mart cell"));
  }
  if (report.oracle) {
    text += fmt::format("; {} of {} equal to the oracle's", base::plural(report.oracle->cells, "cell"),
                        base::plural(report.oracle->marts, "mart"));
  }
  return text;
}

nlohmann::ordered_json proof_json(const ProofLine& line) {
  nlohmann::ordered_json json = {{"place", line.place}, {"part", line.part}};
  if (!line.type.empty()) json["type"] = line.type;
  json["proved"] = line.proved;
  json["by"] = line.by;
  if (!line.rows.empty()) json["rows"] = line.rows;
  return json;
}

nlohmann::ordered_json stage_json(Stage stage, const StageReport& line) {
  return {{"stage", name(stage)},           {"looked_at", line.looked_at}, {"records", line.records},
          {group_name(stage), line.groups}, {"pending", line.pending},     {"problems", line.problems}};
}

}  // namespace

bool Report::proved() const {
  if (strict && !exceptions.empty()) return false;
  return std::ranges::none_of(findings, [&](const Finding& finding) { return counts(finding); });
}

std::string verdict(const Report& report) {
  if (report.proved()) return proof(report);
  std::uint64_t problems = report.strict ? report.exceptions.size() : 0;
  for (const Finding& finding : report.findings) problems += report.counts(finding) ? finding.total : 0;
  return fmt::format("NOT proved: {}", base::plural(problems, "problem"));
}

std::string to_text(const Report& report, Unproved unproved) {
  std::string text = table(report);
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", base::escaped(note));
  if (const auto names = not_proved(report.proof); !names.empty()) {
    text += unproved == Unproved::named
                ? fmt::format("outside the proof, for the reasons in docs/formats/proof.md: {}\n",
                              fmt::join(names, ", "))
                : fmt::format(
                      "outside the proof: {} things, which `verify` names and docs/formats/proof.md "
                      "explains\n",
                      names.size());
  }
  for (const Finding& finding : report.findings) {
    if (!report.counts(finding)) text += "pending, as allowed:\n" + named(finding);
  }
  text += verdict(report) + "\n";
  for (const Finding& finding : report.findings) {
    if (report.counts(finding)) text += named(finding);
  }
  if (report.strict && !report.exceptions.empty()) {
    text += "  exceptions, which --strict does not allow\n";
    for (const std::string& exception : report.exceptions)
      text += fmt::format("    {}\n", base::escaped(exception));
  }
  return text;
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json json = {{"version", 1},
                                 {"proved", report.proved()},
                                 {"verdict", verdict(report)},
                                 {"allow_pending", report.allow_pending},
                                 {"offsets", report.offsets},
                                 {"offsets_against_log", report.offsets_against_log},
                                 {"chains", report.chains},
                                 {"objects", report.objects},
                                 {"kept", report.kept},
                                 {"duplicates", report.duplicates},
                                 {"rejected", report.rejected},
                                 {"faults", report.faults},
                                 {"cells", report.cells}};
  if (report.oracle) {
    json["oracle"] = {{"file", report.oracle->file},
                      {"marts", report.oracle->marts},
                      {"rows", report.oracle->rows},
                      {"cells", report.oracle->cells}};
  }
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
  json["exceptions"] = report.exceptions;
  json["proof"] = nlohmann::ordered_json::array();
  for (const ProofLine& line : report.proof) json["proof"].push_back(proof_json(line));
  json["notes"] = report.notes;
  // Names come from stored bytes, which need not be UTF-8.
  return base::dumped(json, 2) + "\n";
}

}  // namespace sdp::verify
