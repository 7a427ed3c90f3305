#include "snapshot/proof.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"

namespace sdp::snapshot {
namespace {

using nlohmann::ordered_json;

constexpr int kProofVersion = 1;

const ordered_json& member(const ordered_json& object, const char* name) {
  static const ordered_json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_of(const ordered_json& object, const char* name) {
  const ordered_json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t count_in(const ordered_json& object, const char* name) {
  const ordered_json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

bool flag_of(const ordered_json& object, const char* name) {
  const ordered_json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::vector<std::string> texts_of(const ordered_json& object, const char* name) {
  std::vector<std::string> texts;
  for (const ordered_json& value : member(object, name)) {
    if (value.is_string()) texts.push_back(value.get<std::string>());
  }
  return texts;
}

ProofStage stage_of(const ordered_json& json) {
  ProofStage stage{.stage = text_of(json, "stage"),
                   .looked_at = flag_of(json, "looked_at"),
                   .records = count_in(json, "records"),
                   .groups = 0,
                   .groups_are = {},
                   .pending = count_in(json, "pending"),
                   .problems = count_in(json, "problems")};
  for (const char* name : {"chains", "objects", "tables"}) {
    if (!json.contains(name)) continue;
    stage.groups = count_in(json, name);
    stage.groups_are = name;
  }
  return stage;
}

}  // namespace

Result<std::string> proof_document(std::string_view id, std::string_view at, std::string_view report) {
  ordered_json parsed = ordered_json::parse(report, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorKind::bad_input, "not a report of verify");
  const ordered_json document = {
      {"version", kProofVersion}, {"snapshot", id}, {"at", at}, {"report", std::move(parsed)}};
  return base::dumped(document, 1) + "\n";
}

Result<Proof> parse_proof(std::string_view text) {
  const ordered_json document = ordered_json::parse(text, nullptr, false);
  const ordered_json& report = member(document, "report");
  if (count_in(document, "version") != kProofVersion || !report.is_object())
    return fail(ErrorKind::bad_input, "not a proof.json of version 1");
  Proof proof{.snapshot = text_of(document, "snapshot"),
              .at = text_of(document, "at"),
              .proved = flag_of(report, "proved"),
              .verdict = text_of(report, "verdict"),
              .stages = {},
              .findings = {},
              .notes = texts_of(report, "notes")};
  for (const ordered_json& stage : member(report, "stages")) {
    if (stage.is_object()) proof.stages.push_back(stage_of(stage));
  }
  for (const ordered_json& finding : member(report, "findings")) {
    proof.findings.push_back({.stage = text_of(finding, "stage"),
                              .kind = text_of(finding, "kind"),
                              .pending = flag_of(finding, "pending"),
                              .total = count_in(finding, "total"),
                              .named = texts_of(finding, "named")});
  }
  return proof;
}

}  // namespace sdp::snapshot
