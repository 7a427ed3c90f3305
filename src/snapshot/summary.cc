#include "snapshot/summary.h"

#include <nlohmann/json.hpp>

#include "snapshot/snapshot_json.h"

namespace sdp::snapshot {
namespace {

using nlohmann::json;

const json& member(const json& object, const char* name) {
  static const json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::optional<std::string> text_in(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

std::uint64_t count_in(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

Freshness freshness_of(const json& object) {
  return {.as_of = text_in(object, "as_of"),
          .newest_event = text_in(object, "newest_event"),
          .newest_record = text_in(object, "newest_record"),
          .loaded_at = text_in(object, "loaded_at")};
}

double seconds_in(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

std::vector<Delay> delays_of(const json& array) {
  std::vector<Delay> delays;
  for (const json& one : array) {
    delays.push_back(
        {text_in(one, "to").value_or(""), seconds_in(one, "p50_seconds"), seconds_in(one, "p99_seconds")});
  }
  return delays;
}

Completeness completeness_of(const json& object) {
  return {.hours = count_in(object, "hours"),
          .hours_incomplete = count_in(object, "hours_incomplete"),
          .records_expected = count_in(object, "records_expected"),
          .records = count_in(object, "records"),
          .kept = count_in(object, "kept"),
          .duplicates = count_in(object, "duplicates"),
          .rejected_by_sink = count_in(object, "rejected_by_sink"),
          .rejected_by_silver = count_in(object, "rejected_by_silver")};
}

Ledger ledger_of(const json& object) {
  Ledger ledger{.objects = count_in(object, "objects"),
                .records = count_in(object, "records"),
                .rejected = count_in(object, "rejected"),
                .tail = {}};
  for (const json& row : member(object, "tail")) {
    ledger.tail.push_back({.object_key = text_in(row, "object_key").value_or(""),
                           .topic = text_in(row, "topic").value_or(""),
                           .partition = count_in(row, "partition"),
                           .first_offset = count_in(row, "first_offset"),
                           .last_offset = count_in(row, "last_offset"),
                           .records = count_in(row, "records"),
                           .rejected = count_in(row, "rejected"),
                           .loaded_at = text_in(row, "loaded_at").value_or("")});
  }
  return ledger;
}

std::optional<Proof> last_proof_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const json& proved = member(object, "proved");
  return Proof{.snapshot = text_in(object, "snapshot").value_or(""),
               .at = text_in(object, "at").value_or(""),
               .proved = proved.is_boolean() && proved.get<bool>(),
               .verdict = text_in(object, "verdict").value_or(""),
               .stages = {},
               .findings = {},
               .notes = {}};
}

}  // namespace

Result<Summary> parse_summary(std::string_view text) {
  SDP_TRY(const Head head, parse_head(text));
  const json document = json::parse(text, nullptr, false);
  return Summary{.id = head.id,
                 .taken_at = head.taken_at,
                 .freshness = freshness_of(member(document, "freshness")),
                 .delays = delays_of(member(document, "delays")),
                 .completeness = completeness_of(member(document, "completeness")),
                 .ledger = ledger_of(member(document, "ledger")),
                 .rejected_events = count_in(member(document, "rejected"), "events"),
                 .marts = head.files.size(),
                 .last_proof = last_proof_of(member(document, "last_proof"))};
}

}  // namespace sdp::snapshot
