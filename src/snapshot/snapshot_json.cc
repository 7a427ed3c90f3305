#include "snapshot/snapshot_json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace sdp::snapshot {
namespace {

using base::dumped;
using base::or_null;
using nlohmann::ordered_json;

constexpr int kSnapshotVersion = 1;
/// Beyond it a reader whose numbers are doubles sees another integer.
constexpr std::int64_t kExactMax = (std::int64_t{1} << 53) - 1;

/// A number as a number wherever every reader takes it for the same one; else its text.
ordered_json number_json(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ptr == end && read.ec == std::errc{}) {
    return whole >= -kExactMax && whole <= kExactMax ? ordered_json(whole) : ordered_json(text);
  }
  if (text.find_first_of(".eE") == std::string::npos) return text;
  double real = 0;
  const auto read = std::from_chars(text.data(), end, real);
  if (read.ptr != end || read.ec != std::errc{} || !std::isfinite(real)) return text;
  return real;
}

ordered_json cell_json(const Cell& cell, Kind kind) {
  if (!cell) return nullptr;
  if (kind == Kind::number) return number_json(*cell);
  if (kind == Kind::boolean && *cell == "true") return true;
  if (kind == Kind::boolean && *cell == "false") return false;
  return *cell;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "text";
    case Kind::number:
      return "number";
    case Kind::boolean:
      return "boolean";
    case Kind::date:
      return "date";
    case Kind::time:
      return "time";
  }
  return "text";
}

ordered_json column_json(const Column& column) {
  const Profile& profile = column.profile;
  ordered_json top = ordered_json::array();
  for (const TopValue& value : profile.top)
    top.push_back({{"value", cell_json(value.value, column.kind)}, {"rows", value.rows}});
  ordered_json histogram = ordered_json::array();
  for (const Bin& bin : profile.histogram)
    histogram.push_back({{"from", bin.from}, {"to", bin.to}, {"rows", bin.rows}});
  return {{"name", column.name},
          {"type", column.type},
          {"kind", name_of(column.kind)},
          {"description", or_null(column.description)},
          {"nulls", profile.nulls},
          {"distinct", profile.distinct},
          {"min", cell_json(profile.min, column.kind)},
          {"max", cell_json(profile.max, column.kind)},
          {"top", std::move(top)},
          {"histogram", std::move(histogram)}};
}

ordered_json mart_head(const Mart& mart) {
  return {{"name", mart.name},
          {"file", mart_file(mart.name)},
          {"description", or_null(mart.description)},
          {"sql", mart.sql},
          {"order_by", mart.order_by},
          {"rows_total", mart.rows_total},
          {"rows_included", mart.rows.size()},
          {"cells_cut", mart.cells_cut},
          {"query_ms", std::round(mart.query_ms * 10) / 10}};
}

ordered_json ledger_json(const Ledger& ledger) {
  ordered_json tail = ordered_json::array();
  for (const LedgerRow& row : ledger.tail) {
    tail.push_back({{"object_key", row.object_key},
                    {"topic", row.topic},
                    {"partition", row.partition},
                    {"first_offset", row.first_offset},
                    {"last_offset", row.last_offset},
                    {"records", row.records},
                    {"rejected", row.rejected},
                    {"loaded_at", row.loaded_at}});
  }
  return {{"objects", ledger.objects},
          {"records", ledger.records},
          {"rejected", ledger.rejected},
          {"tail", std::move(tail)}};
}

ordered_json rejected_json(const Snapshot& snapshot) {
  ordered_json reasons = ordered_json::array();
  for (const RejectedReason& one : snapshot.rejected) {
    reasons.push_back({{"reason", one.reason},
                       {"field", or_null(one.field)},
                       {"rejected_by", one.rejected_by},
                       {"events", one.events},
                       {"sample", one.sample}});
  }
  return {{"events", snapshot.rejected_events}, {"reasons", std::move(reasons)}};
}

/// To the millisecond.
double rounded(double seconds) {
  return std::round(seconds * 1e3) / 1e3;
}

ordered_json dbt_json(const std::optional<transform::BuildResults>& build) {
  if (!build) return nullptr;
  ordered_json nodes = ordered_json::array();
  for (const transform::NodeResult& node : build->nodes) {
    nodes.push_back({{"name", node.name},
                     {"kind", node.kind},
                     {"status", node.status},
                     {"message", or_null(node.message)},
                     {"failures", node.failures ? ordered_json(*node.failures) : ordered_json(nullptr)},
                     {"started_at", or_null(node.started_at)},
                     {"seconds", node.seconds}});
  }
  return {
      {"started_at", or_null(build->started_at)}, {"seconds", build->seconds}, {"nodes", std::move(nodes)}};
}

ordered_json last_proof_json(const std::optional<Proof>& proof) {
  if (!proof) return nullptr;
  return {{"snapshot", proof->snapshot},
          {"at", proof->at},
          {"proved", proof->proved},
          {"verdict", proof->verdict}};
}

}  // namespace

std::string mart_file(std::string_view mart) {
  std::string name = "mart_";
  for (const char letter : mart) {
    const bool is_upper = letter >= 'A' && letter <= 'Z';
    const bool is_plain = letter == '_' || (letter >= '0' && letter <= '9');
    if (is_upper) {
      name += static_cast<char>(letter - 'A' + 'a');
    } else if (is_plain) {
      name += letter;
    } else {
      name += fmt::format("-{:02x}", static_cast<unsigned char>(letter));
    }
  }
  return name + ".json";
}

ordered_json delays_json(const std::vector<Delay>& delays) {
  ordered_json all = ordered_json::array();
  for (const Delay& one : delays) {
    all.push_back({{"to", one.to}, {"p50_seconds", rounded(one.p50)}, {"p99_seconds", rounded(one.p99)}});
  }
  return all;
}

std::string snapshot_json(const Snapshot& snapshot) {
  const Freshness& fresh = snapshot.freshness;
  const Completeness& all = snapshot.completeness;
  ordered_json marts = ordered_json::array();
  for (const Mart& mart : snapshot.marts) marts.push_back(mart_head(mart));
  const ordered_json document = {{"version", kSnapshotVersion},
                                 {"id", snapshot.id},
                                 {"taken_at", snapshot.taken_at},
                                 {"warehouse", snapshot.warehouse},
                                 {"writer", snapshot.writer},
                                 {"state", snapshot.state},
                                 {"freshness",
                                  {{"as_of", or_null(fresh.as_of)},
                                   {"newest_event", or_null(fresh.newest_event)},
                                   {"newest_record", or_null(fresh.newest_record)},
                                   {"loaded_at", or_null(fresh.loaded_at)}}},
                                 {"delays", delays_json(snapshot.delays)},
                                 {"completeness",
                                  {{"hours", all.hours},
                                   {"hours_incomplete", all.hours_incomplete},
                                   {"records_expected", all.records_expected},
                                   {"records", all.records},
                                   {"kept", all.kept},
                                   {"duplicates", all.duplicates},
                                   {"rejected_by_sink", all.rejected_by_sink},
                                   {"rejected_by_silver", all.rejected_by_silver}}},
                                 {"marts", std::move(marts)},
                                 {"rejected", rejected_json(snapshot)},
                                 {"ledger", ledger_json(snapshot.ledger)},
                                 {"dbt", dbt_json(snapshot.dbt)},
                                 {"last_proof", last_proof_json(snapshot.last_proof)}};
  return dumped(document, 1) + "\n";
}

std::string mart_json(const Snapshot& snapshot, const Mart& mart) {
  ordered_json head = mart_head(mart);
  head.erase("file");
  ordered_json columns = ordered_json::array();
  for (const Column& column : mart.columns) columns.push_back(column_json(column));
  ordered_json document = {{"version", kSnapshotVersion}, {"snapshot", snapshot.id}};
  document.update(head);
  document["columns"] = std::move(columns);
  // Row by row: as one document they would be many times their size in memory.
  std::string text = dumped(document, 1);
  text.resize(text.find_last_of('}'));
  text.resize(text.find_last_not_of(" \n") + 1);
  text += ",\n \"rows\": [";
  for (std::size_t at = 0; at < mart.rows.size(); ++at) {
    ordered_json cells = ordered_json::array();
    for (std::size_t i = 0; i < mart.rows[at].size(); ++i)
      cells.push_back(cell_json(mart.rows[at][i], mart.columns.at(i).kind));
    text += fmt::format("{}\n  {}", at == 0 ? "" : ",", dumped(cells, -1));
  }
  return text + "\n ]\n}\n";
}

Result<Head> parse_head(std::string_view text) {
  const ordered_json document = ordered_json::parse(text, nullptr, false);
  const auto member = [](const ordered_json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto version = document.is_object() ? document.find("version") : document.end();
  if (version == document.end() || !version->is_number_integer())
    return fail(ErrorKind::bad_input, "it is not a whole snapshot.json");
  if (*version != kSnapshotVersion) {
    return fail(ErrorKind::bad_input, fmt::format("it is of version {}, and this program reads version {}",
                                                  version->dump(), kSnapshotVersion));
  }
  Head head{.id = member(document, "id"),
            .state = member(document, "state"),
            .taken_at = member(document, "taken_at"),
            .warehouse = member(document, "warehouse"),
            .files = {},
            .orders = {}};
  if (const auto marts = document.find("marts"); marts != document.end() && marts->is_array()) {
    for (const auto& mart : *marts) {
      head.orders.emplace(member(mart, "name"), member(mart, "order_by"));
      head.files.push_back(member(mart, "file"));
    }
  }
  return head;
}

}  // namespace sdp::snapshot
