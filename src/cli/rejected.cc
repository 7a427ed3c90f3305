#include "cli/rejected.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <ranges>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/json_text.h"
#include "base/terminal_text.h"
#include "cli/output.h"
#include "cli/standard_output.h"

namespace sdp::cli {
namespace {

using base::or_null;

/// How many reasons a table for people has.
constexpr std::size_t kReasonsShown = 30;

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// A text of SQL.
std::string sql_text(std::string_view text) {
  std::string all = "'";
  for (const char c : text) all += c == '\'' ? std::string("''") : std::string(1, c);
  return all + "'";
}

/// Where a warehouse has the faults of its rejected rows. An earlier version of silver has the first of each
/// only, in the rows themselves.
enum class FaultsAre { in_a_table, in_the_rows };

std::string faults_sql(FaultsAre faults) {
  if (faults == FaultsAre::in_a_table) return "SELECT * FROM TRANSFORM.SPOTIFY_FAULTS";
  return "SELECT topic_id, kafka_partition, kafka_offset, object_key, 1 AS fault, rejected_by, reason, field "
         "FROM "
         "TRANSFORM.SPOTIFY_REJECTED";
}

/// Silver's rows have the topic's id; its name is in the ledger.
std::string faults_in_silver(FaultsAre faults) {
  return fmt::format(R"(
    SELECT
        faults.reason, faults.field, faults.rejected_by, ledger.topic, faults.kafka_partition, faults.kafka_offset
    FROM ({}) AS faults
    JOIN BRONZE.LOAD_LEDGER AS ledger ON ledger.object_key = faults.object_key)",
                     faults_sql(faults));
}

std::string order_of(const RejectedFilter& filter, std::string_view table) {
  std::string place = fmt::format("{0}topic, {0}kafka_partition, {0}kafka_offset", table);
  if (!filter.newest) return place;
  return fmt::format("{0}kafka_timestamp DESC, {0}topic DESC, {0}kafka_partition DESC, {0}kafka_offset DESC",
                     table);
}

/// The first `limit` of the rows that have a fault as wanted, each with all its faults.
std::string events_sql(FaultsAre faults, const RejectedFilter& filter) {
  std::string wanted;
  if (!filter.reason.empty()) wanted += " AND wanted.reason = " + sql_text(filter.reason);
  if (!filter.field.empty()) wanted += " AND wanted.field = " + sql_text(filter.field);
  return fmt::format(R"(
WITH faults AS ({0}),
events AS (
    SELECT ledger.topic, rejected.*
    FROM TRANSFORM.SPOTIFY_REJECTED AS rejected
    JOIN BRONZE.LOAD_LEDGER AS ledger ON ledger.object_key = rejected.object_key
    WHERE EXISTS (
        SELECT 1
        FROM faults AS wanted
        WHERE wanted.object_key = rejected.object_key AND wanted.kafka_offset = rejected.kafka_offset{1}
    )
    ORDER BY {3}
    LIMIT {2}
)
SELECT
    faults.reason, faults.field, faults.rejected_by, events.topic, events.kafka_partition, events.kafka_offset,
    events.object_key, events.payload, events.raw_base64
FROM events
JOIN faults ON faults.object_key = events.object_key AND faults.kafka_offset = events.kafka_offset
ORDER BY {4}, events.object_key, faults.fault)",
                     faults_sql(faults), wanted, filter.limit, order_of(filter, ""),
                     order_of(filter, "events."));
}

constexpr std::string_view kRejectedBySinks = R"(
    SELECT error_code AS reason, CAST(NULL AS VARCHAR) AS field, 'sink' AS rejected_by, topic, kafka_partition, kafka_offset
    FROM BRONZE.REJECTED_EVENTS)";

/// How many of the rows each reason has, and where the first of them is, padded so that the least text is the
/// first place. Plain SQL that both warehouses understand.
std::string reasons_sql(std::string_view rows) {
  return fmt::format(R"(
SELECT
    reason, field, rejected_by, count(*) AS events,
    min(topic || '/' || lpad(CAST(kafka_partition AS VARCHAR), 10, '0') || '/' || lpad(CAST(kafka_offset AS VARCHAR), 19, '0'))
        AS place
FROM ({}) AS placed
GROUP BY reason, field, rejected_by)",
                     rows);
}

/// `topic/0000000003/0000000000000000017` -> `topic/3/17`
std::string without_padding(std::string_view place) {
  std::string text;
  for (const auto part : std::views::split(place, '/')) {
    std::string_view word(part.begin(), part.end());
    if (!text.empty()) {
      word.remove_prefix(std::min(word.find_first_not_of('0'), word.size() - 1));
      text += '/';
    }
    text += word;
  }
  return text;
}

Result<std::vector<RejectedReason>> reasons(warehouse::Warehouse& warehouse, const std::string& sql) {
  std::vector<RejectedReason> all;
  SDP_TRY(const auto table, warehouse.query(sql));
  for (const auto& row : table.rows) {
    all.push_back({.reason = row.at(0).value_or(""),
                   .field = row.at(1).value_or(""),
                   .rejected_by = row.at(2).value_or(""),
                   .events = number(row.at(3)),
                   .sample = without_padding(row.at(4).value_or(""))});
  }
  std::ranges::sort(all, [](const RejectedReason& one, const RejectedReason& other) {
    return std::tie(other.events, one.reason, one.field) < std::tie(one.events, other.reason, other.field);
  });
  return all;
}

Result<std::uint64_t> one_number(warehouse::Warehouse& warehouse, std::string_view sql) {
  SDP_TRY(const auto table, warehouse.query(sql));
  return table.rows.empty() ? 0 : number(table.rows.front().at(0));
}

Result<std::uint64_t> count_tables(warehouse::Warehouse& warehouse, std::string_view names) {
  return one_number(
      warehouse,
      fmt::format(
          "SELECT count(*) FROM information_schema.tables WHERE upper(table_schema) = 'TRANSFORM' AND "
          "upper(table_name) IN ({})",
          names));
}

/// Nothing as long as there is no silver.
Result<std::optional<FaultsAre>> find_faults(warehouse::Warehouse& warehouse) {
  SDP_TRY(const std::uint64_t silver,
          count_tables(warehouse, "'SPOTIFY_REJECTED', 'SPOTIFY_SILVER', 'SPOTIFY_DUPLICATES'"));
  if (silver < 3) return std::optional<FaultsAre>{};
  SDP_TRY(const std::uint64_t faults, count_tables(warehouse, "'SPOTIFY_FAULTS'"));
  return std::optional(faults == 1 ? FaultsAre::in_a_table : FaultsAre::in_the_rows);
}

}  // namespace

std::uint64_t Rejected::faults() const {
  return std::accumulate(reasons.begin(), reasons.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const RejectedReason& one) { return sum + one.events; });
}

Result<Rejected> rejected_by_sinks(warehouse::Warehouse& warehouse) {
  Rejected rejected;
  SDP_TRY(rejected.reasons, reasons(warehouse, reasons_sql(kRejectedBySinks)));
  // A sink names one reason a record.
  rejected.events = rejected.faults();
  SDP_TRY(rejected.taken, one_number(warehouse, "SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS"));
  return rejected;
}

Result<std::optional<Rejected>> rejected_in_silver(warehouse::Warehouse& warehouse) {
  SDP_TRY(const auto faults, find_faults(warehouse));
  if (!faults) return std::optional<Rejected>{};
  Rejected rejected;
  SDP_TRY(rejected.reasons, reasons(warehouse, reasons_sql(faults_in_silver(*faults))));
  SDP_TRY(rejected.events, one_number(warehouse, "SELECT count(*) FROM TRANSFORM.SPOTIFY_REJECTED"));
  SDP_TRY(rejected.taken,
          one_number(warehouse,
                     "SELECT (SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER) + (SELECT count(*) FROM "
                     "TRANSFORM.SPOTIFY_DUPLICATES)"));
  return std::optional(std::move(rejected));
}

Result<std::optional<std::vector<RejectedEvent>>> rejected_events(warehouse::Warehouse& warehouse,
                                                                  const RejectedFilter& filter) {
  SDP_TRY(const auto faults, find_faults(warehouse));
  if (!faults) return std::optional<std::vector<RejectedEvent>>{};
  SDP_TRY(const auto table, warehouse.query(events_sql(*faults, filter)));
  std::vector<RejectedEvent> events;
  for (const auto& row : table.rows) {
    const std::string position =
        fmt::format("{}/{}/{}", row.at(3).value_or(""), row.at(4).value_or(""), row.at(5).value_or(""));
    const std::string object_key = row.at(6).value_or("");
    if (events.empty() || events.back().position != position || events.back().object_key != object_key) {
      events.push_back({.faults = {},
                        .rejected_by = row.at(2).value_or(""),
                        .position = position,
                        .object_key = object_key,
                        .payload = row.at(7),
                        .raw_base64 = row.at(8)});
    }
    events.back().faults.push_back({row.at(0).value_or(""), row.at(1).value_or("")});
  }
  return std::optional(std::move(events));
}

std::string rejected_text(const RejectedEvent& event) {
  std::string text = fmt::format("{} (by {}, in {})\n", base::escaped(event.position), event.rejected_by,
                                 base::escaped(event.object_key));
  for (const Fault& fault : event.faults) {
    text += fmt::format("  {}{}{}\n", base::escaped(fault.reason), fault.field.empty() ? "" : " of ",
                        base::escaped(fault.field));
  }
  if (event.payload) text += fmt::format("  {}\n", base::escaped(*event.payload));
  if (event.raw_base64) text += fmt::format("  base64: {}\n", *event.raw_base64);
  return text;
}

std::string rejected_json(const RejectedEvent& event) {
  nlohmann::ordered_json faults = nlohmann::ordered_json::array();
  for (const Fault& fault : event.faults) {
    faults.push_back({{"reason", fault.reason}, {"field", or_null(fault.field)}});
  }
  const nlohmann::ordered_json json{{"position", event.position},
                                    {"reason", event.faults.front().reason},
                                    {"field", or_null(event.faults.front().field)},
                                    {"faults", std::move(faults)},
                                    {"rejected_by", event.rejected_by},
                                    {"object_key", event.object_key},
                                    {"payload", or_null(event.payload)},
                                    {"raw_base64", or_null(event.raw_base64)}};
  return base::escaped_json(base::dumped(json)) + "\n";
}

void print_rejected(const Rejected& rejected) {
  if (rejected.reasons.empty()) return;
  warehouse::Table table;
  table.columns = {"REJECTED FOR", "FIELD", "BY", "EVENTS", "SUCH AS (TOPIC/PARTITION/OFFSET)"};
  for (const RejectedReason& one : rejected.reasons) {
    table.rows.push_back({one.reason, one.field.empty() ? std::string("-") : one.field, one.rejected_by,
                          with_commas(one.events), one.sample});
  }
  print_out("{}", format_table(table, kReasonsShown));
  print_out("{} of {} records are rejected, for {}\n", with_commas(rejected.events),
            with_commas(rejected.events + rejected.taken), base::plural(rejected.faults(), "fault"));
}

nlohmann::ordered_json to_json(const Rejected& rejected) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const RejectedReason& one : rejected.reasons) {
    all.push_back(
        {{"reason", one.reason},
         {"field", one.field.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(one.field)},
         {"rejected_by", one.rejected_by},
         {"events", one.events},
         {"sample", one.sample}});
  }
  return all;
}

Result<void> check_rejected(const Rejected& rejected, double ratio_max) {
  return check_rejected(rejected.events, rejected.taken, rejected, ratio_max);
}

Result<void> check_rejected(std::uint64_t count, std::uint64_t taken, const Rejected& rejected,
                            double ratio_max) {
  const std::uint64_t all = count + taken;
  const bool is_too_much = static_cast<double>(count) > ratio_max * static_cast<double>(all);
  if (count == 0 || (taken > 0 && !is_too_much)) return {};
  std::string most;
  if (!rejected.reasons.empty()) {
    const RejectedReason& first = rejected.reasons.front();
    most = fmt::format(", most for {}{}{}, such as {}", first.reason, first.field.empty() ? "" : " of ",
                       first.field, first.sample);
  }
  return fail(
      ErrorKind::rejected,
      fmt::format(
          "{} of {} records are rejected{}; everything else is done. Correct the producer, or allow as many "
          "with --max-reject-ratio",
          with_commas(count), with_commas(all), most));
}

}  // namespace sdp::cli
