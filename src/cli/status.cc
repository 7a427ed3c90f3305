#include "cli/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/duration_text.h"
#include "base/json_text.h"
#include "base/terminal_text.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "lake/object_key.h"
#include "snapshot/snapshot_json.h"

namespace sdp::cli {
namespace {

using base::duration_text;
using base::or_null;
using base::plural;
using base::with_commas;
using nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t kHoursNamed = 4;
/// What an upload takes at most before it is worth a look.
constexpr milliseconds kUploadTakes{10'000};

std::optional<UtcMillis> parse_time(const std::optional<std::string>& text) {
  return text ? base::parse_iso(*text) : std::nullopt;
}

/// Times that no clock had are none.
void raise(std::optional<UtcMillis>& newest, const std::optional<UtcMillis>& time) {
  if (time && lake::has_time(*time) && (!newest || *newest < *time)) newest = time;
}

std::optional<UtcMillis> oldest_waiting(const Status& status) {
  std::optional<UtcMillis> oldest;
  for (const PartitionStatus& one : status.partitions) {
    if (one.waiting_since && lake::has_time(*one.waiting_since) && (!oldest || *one.waiting_since < *oldest))
      oldest = one.waiting_since;
  }
  return oldest;
}

bool is_empty(const Status& status) {
  return lag_of(status) == 0 && std::ranges::all_of(status.partitions, [](const PartitionStatus& one) {
           return one.available.start == one.available.end && one.lake_end == 0;
         });
}

bool has_late_hour(const Status& status) {
  return std::ranges::any_of(status.hours, [&](const lake_reader::HourStatus& hour) {
    return is_late(hour, status.at, status.pace);
  });
}

std::uint64_t lake_offsets(const Status& status) {
  log::Offset sum = 0;
  for (const PartitionStatus& one : status.partitions) sum += one.lake_end;
  return static_cast<std::uint64_t>(sum);
}

StageRow log_row(const Status& status) {
  StageRow row{"log", {}, 0, std::nullopt, std::nullopt};
  for (const PartitionStatus& one : status.partitions) {
    *row.count += static_cast<std::uint64_t>(one.available.end - one.available.start);
    raise(row.newest, one.log_newest);
  }
  row.has =
      fmt::format("{} in {}", plural(*row.count, "offset"), plural(status.partitions.size(), "partition"));
  return row;
}

StageRow lake_row(const Status& status) {
  StageRow row{"lake", {}, lake_offsets(status), static_cast<std::uint64_t>(lag_of(status)), std::nullopt};
  for (const PartitionStatus& one : status.partitions) raise(row.newest, one.lake_newest);
  row.has = plural(*row.count, "offset");
  return row;
}

std::vector<StageRow> published_rows(const Status& status) {
  std::vector<StageRow> rows{{"bronze", "not published", std::nullopt, std::nullopt, std::nullopt},
                             {"silver", "not published", std::nullopt, std::nullopt, std::nullopt},
                             {"marts", "not published", std::nullopt, std::nullopt, std::nullopt}};
  if (!status.published) return rows;
  const snapshot::Summary& summary = status.published->summary;
  const snapshot::Completeness& all = summary.completeness;
  const std::uint64_t judged = all.kept + all.duplicates + all.rejected_by_sink + all.rejected_by_silver;
  const std::uint64_t loaded = summary.ledger.records;
  rows[0] = {"bronze",
             fmt::format("{} of {}", plural(loaded, "record"), plural(summary.ledger.objects, "object")),
             loaded, unpublished(status), parse_time(summary.freshness.newest_record)};
  rows[1] = {
      "silver",
      fmt::format("{} kept, {}, {} rejected", with_commas(all.kept), plural(all.duplicates, "duplicate"),
                  with_commas(all.rejected_by_sink + all.rejected_by_silver)),
      all.kept, loaded - std::min(loaded, judged), parse_time(summary.freshness.newest_event)};
  rows[2] = {"marts", fmt::format("{}, published {}", plural(summary.marts, "table"), summary.id),
             summary.marts, std::nullopt, parse_time(summary.freshness.as_of)};
  return rows;
}

std::string count_text(const std::optional<std::uint64_t>& count) {
  return count ? with_commas(*count) : "-";
}

std::string stages_text(const Status& status) {
  base::TextTable table;
  table.columns = {"STAGE", "HAS", "BEHIND", "NEWEST", "AGE"};
  for (const StageRow& row : stage_rows(status)) {
    table.rows.push_back({std::string(row.stage), row.has, count_text(row.behind),
                          row.newest ? base::format_iso(*row.newest) : "-",
                          row.newest ? duration_text(age_of(status, *row.newest)) : "-"});
  }
  return base::format_table(table);
}

std::string partitions_text(const Status& status) {
  base::TextTable table;
  table.columns = {"PARTITION", "LOG START", "LOG END", "LAKE END", "COMMITTED", "LAG", "WAITING"};
  for (const PartitionStatus& one : partitions_shown(status)) {
    table.rows.push_back({fmt::format("{}", one.partition), fmt::format("{}", one.available.start),
                          fmt::format("{}", one.available.end), fmt::format("{}", one.lake_end),
                          one.committed ? fmt::format("{}", *one.committed) : "-", fmt::format("{}", one.lag),
                          waiting_text(status, one)});
  }
  return base::format_table(table, kPartitionsShown);
}

struct HourCounts {
  std::size_t complete = 0;
  std::size_t open = 0;
  std::size_t late = 0;
};

HourCounts count_hours(const Status& status) {
  HourCounts counts;
  for (const lake_reader::HourStatus& hour : status.hours) {
    if (hour.complete) {
      ++counts.complete;
    } else if (is_late(hour, status.at, status.pace)) {
      ++counts.late;
    } else {
      ++counts.open;
    }
  }
  return counts;
}

std::string hours_text(const Status& status) {
  if (status.hours.empty()) return "no records in those that were looked at";
  const HourCounts counts = count_hours(status);
  std::string text = fmt::format("{} closed, {} open, {} late", counts.complete, counts.open, counts.late);
  std::vector<std::string> named;
  for (const lake_reader::HourStatus& hour : status.hours) {
    if (!hour.complete) {
      named.push_back(fmt::format("{} ({} of {})", lake::format_hour(hour.hour), hour.partitions_closed,
                                  plural(status.partitions.size(), "partition")));
    }
  }
  const std::size_t more = named.size() - std::min(named.size(), kHoursNamed);
  named.erase(named.begin(), named.begin() + static_cast<std::ptrdiff_t>(more));
  if (!named.empty()) {
    text += fmt::format("; not closed: {}{}", more > 0 ? fmt::format("{} more, ", more) : "",
                        fmt::join(named, ", "));
  }
  return text;
}

std::string proof_text(const Status& status) {
  if (!status.published) return "none";
  if (const auto& proof = status.published->proof) return fmt::format("{} at {}", proof->verdict, proof->at);
  if (const auto& before = status.published->summary.last_proof) {
    return fmt::format("none of what is published; of the publication before it, at {}: {}", before->at,
                       before->verdict);
  }
  return "none is stored with what is published";
}

/// From the log to readers.
std::string delay_text(const Status& status) {
  if (!status.published || status.published->summary.delays.empty()) return "not known";
  const auto text = [](double seconds) {
    return duration_text(milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
  };
  const snapshot::Delay& last = status.published->summary.delays.back();
  return fmt::format(
      "half of the newest batch was published {} after it came to the log, 99 % of it after {}",
      text(last.p50), text(last.p99));
}

std::string published_text(const Status& status) {
  if (status.published)
    return fmt::format("{} at {}", status.published->path, status.published->summary.taken_at);
  if (!status.published_problem.empty()) return status.published_problem;
  if (status.published_to.empty()) return "the settings name no folder (--published)";
  return fmt::format("nothing yet in {}", status.published_to);
}

/// A command as people type it to have it work on what this status is of.
std::string typed(const Status& status, std::string_view command, std::string_view more = "") {
  const auto flags = status.flags.find(command);
  return fmt::format("spotify-pipeline {}{}{}", command, more,
                     flags == status.flags.end() ? "" : flags->second);
}

NextStep behind_lake(const Status& status) {
  const std::string command = fmt::format("{} && {}", typed(status, "load"), typed(status, "transform"));
  if (!status.published) return {fmt::format("nothing is published in {} yet", status.published_to), command};
  const auto behind = unpublished(status);
  return {behind ? fmt::format("{} of the lake are not in what is published", plural(*behind, "offset"))
                 : "what is published may be behind the lake",
          command};
}

ordered_json time_or_null(const std::optional<UtcMillis>& time) {
  return time && lake::has_time(*time) ? ordered_json(base::format_iso(*time)) : ordered_json(nullptr);
}

ordered_json partitions_json(const Status& status) {
  ordered_json all = ordered_json::array();
  for (const PartitionStatus& one : status.partitions) {
    all.push_back({{"partition", one.partition},
                   {"log_start", one.available.start},
                   {"log_end", one.available.end},
                   {"lake_end", one.lake_end},
                   {"committed", or_null(one.committed)},
                   {"lag", one.lag},
                   {"deleted", one.deleted},
                   {"log_newest", time_or_null(one.log_newest)},
                   {"lake_newest", time_or_null(one.lake_newest)},
                   {"waiting_since", time_or_null(one.waiting_since)}});
  }
  return all;
}

ordered_json hours_json(const Status& status) {
  ordered_json all = ordered_json::array();
  for (const lake_reader::HourStatus& hour : status.hours) {
    all.push_back({{"hour", lake::format_hour(hour.hour)},
                   {"state", hour.complete ? "complete" : "open"},
                   {"partitions_closed", hour.partitions_closed},
                   {"records_closed", or_null(hour.records)},
                   {"late", is_late(hour, status.at, status.pace)}});
  }
  return all;
}

ordered_json stages_json(const Status& status) {
  ordered_json all = ordered_json::array();
  for (const StageRow& row : stage_rows(status)) {
    all.push_back({{"stage", row.stage},
                   {"count", or_null(row.count)},
                   {"behind", or_null(row.behind)},
                   {"newest", time_or_null(row.newest)},
                   {"age_seconds", nullptr}});
    if (row.newest) all.back()["age_seconds"] = base::in_seconds(age_of(status, *row.newest));
  }
  return all;
}

ordered_json published_json(const Status& status) {
  if (!status.published) return nullptr;
  return {{"id", status.published->summary.id},
          {"taken_at", status.published->summary.taken_at},
          {"path", status.published->path},
          {"delays", snapshot::delays_json(status.published->summary.delays)},
          {"rejected", status.published->summary.rejected_events}};
}

ordered_json proof_json(const Status& status) {
  if (!status.published) return nullptr;
  const bool is_of_this = status.published->proof.has_value();
  const auto& proof = is_of_this ? status.published->proof : status.published->summary.last_proof;
  if (!proof) return nullptr;
  return {{"snapshot", proof->snapshot},
          {"at", proof->at},
          {"proved", proof->proved},
          {"verdict", proof->verdict},
          {"is_of_published", is_of_this}};
}

}  // namespace

milliseconds age_of(const Status& status, UtcMillis time) {
  return std::max(status.at - time, milliseconds(0));
}

std::vector<StageRow> stage_rows(const Status& status) {
  std::vector<StageRow> rows{log_row(status), lake_row(status)};
  std::ranges::move(published_rows(status), std::back_inserter(rows));
  return rows;
}

std::optional<std::uint64_t> count_of(const Status& status, std::string_view stage) {
  const std::vector<StageRow> rows = stage_rows(status);
  const auto row = std::ranges::find(rows, stage, &StageRow::stage);
  return row == rows.end() ? std::nullopt : row->count;
}

log::Offset lag_of(const Status& status) {
  log::Offset lag = 0;
  for (const PartitionStatus& one : status.partitions) lag += one.lag;
  return lag;
}

bool wants_sinks(const Status& status) {
  return lag_of(status) > 0 || has_late_hour(status);
}

std::optional<Waiting> why_waiting(const Status& status) {
  const log::Offset lag = lag_of(status);
  if (lag == 0) return std::nullopt;
  const std::string what =
      fmt::format("{} of the log {} not in the lake{}", plural(static_cast<std::uint64_t>(lag), "offset"),
                  lag == 1 ? "is" : "are", lake_offsets(status) == 0 ? ", where nothing was cut yet" : "");
  log::Offset deleted = 0;
  for (const PartitionStatus& one : status.partitions) deleted += one.deleted;
  if (deleted > 0) {
    return Waiting{"deleted", fmt::format("{}: the log has deleted {} of them before a sink read them", what,
                                          with_commas(static_cast<std::uint64_t>(deleted)))};
  }
  if (status.sinks && *status.sinks == 0) {
    return Waiting{"no_sink", fmt::format("{}: no sink runs; group {} has no member", what, status.group)};
  }
  const auto oldest = oldest_waiting(status);
  if (!oldest || !status.append_times) {
    return Waiting{"unknown",
                   fmt::format("{}; how long they have waited cannot be told, since they have no time of "
                               "the broker",
                               what)};
  }
  const milliseconds age = age_of(status, *oldest);
  const std::string waited =
      fmt::format("{}: the oldest has waited {}, and a sink with these settings cuts an object after {}",
                  what, duration_text(age), duration_text(status.pace.cut_within));
  if (age <= status.pace.cut_within + kUploadTakes) return Waiting{"young", waited};
  const std::string who = status.sinks
                              ? fmt::format("group {} has {}", status.group, plural(*status.sinks, "member"))
                              : fmt::format("who is in group {} could not be asked", status.group);
  return Waiting{"overdue", fmt::format("{}; {}, whose log says what keeps it", waited, who)};
}

NextStep next_step(const Status& status) {
  if (is_empty(status)) return {"the topic has no record", typed(status, "simulate", " --events 1000")};
  if (const auto waiting = why_waiting(status)) {
    if (waiting->reason == "deleted") return {waiting->text, typed(status, "sink", " --allow-gap")};
    if (waiting->reason == "no_sink") return {waiting->text, typed(status, "sink")};
    if (waiting->reason == "young") return {waiting->text, ""};
    return {waiting->text, typed(status, "doctor")};
  }
  if (has_late_hour(status) && status.sinks && *status.sinks == 0)
    return {"an hour is over and nobody closes it; no sink runs", typed(status, "sink")};
  if (!status.published_problem.empty()) return {status.published_problem, typed(status, "publish")};
  if (status.published_to.empty())
    return {"all of the log is in the lake; with --published FOLDER this shows what lies behind it", ""};
  if (!status.published || unpublished(status).value_or(0) > 0) return behind_lake(status);
  if (status.published->proof && !status.published->proof->proved)
    return {"verify found a difference in what is published", typed(status, "verify")};
  if (!status.published->proof) return {"no proof is stored with what is published", typed(status, "verify")};
  return {"all is published and proved; look at it", typed(status, "serve")};
}

std::vector<PartitionStatus> partitions_shown(const Status& status) {
  std::vector<PartitionStatus> all = status.partitions;
  if (all.size() > kPartitionsShown) {
    std::ranges::sort(all, [](const PartitionStatus& one, const PartitionStatus& other) {
      return std::pair(-one.lag, one.partition) < std::pair(-other.lag, other.partition);
    });
  }
  return all;
}

std::string waiting_text(const Status& status, const PartitionStatus& partition) {
  const auto& since = partition.waiting_since;
  return since && lake::has_time(*since) ? duration_text(age_of(status, *since)) : "-";
}

std::string headline(const Status& status) {
  return fmt::format("{} at {}, group {}, lake {}\n", base::printable(status.topic),
                     base::format_iso(status.at), base::printable(status.group),
                     base::printable(status.lake));
}

std::string footer(const Status& status) {
  const NextStep next = next_step(status);
  std::string text = fmt::format("  hours      {}\n", hours_text(status));
  text += fmt::format("  published  {}\n", base::printable(published_text(status)));
  text += fmt::format("  delay      {}\n", delay_text(status));
  text += fmt::format("  proof      {}\n", base::printable(proof_text(status)));
  text += fmt::format("  next       {}\n", base::printable(next.command.empty() ? "wait" : next.command));
  return text + fmt::format("             {}\n", base::printable(next.why));
}

std::string to_text(const Status& status) {
  return fmt::format("{}\n{}\n{}\n{}", headline(status), stages_text(status), partitions_text(status),
                     footer(status));
}

std::string to_line(const Status& status) {
  const NextStep next = next_step(status);
  std::string text = base::format_iso(status.at);
  for (const StageRow& row : stage_rows(status))
    text += fmt::format(" {}={}", row.stage, count_text(row.count));
  const HourCounts hours = count_hours(status);
  return fmt::format("{} lag={} hours_late={} next: {} ({})\n", text,
                     with_commas(static_cast<std::uint64_t>(lag_of(status))), hours.late,
                     base::printable(next.command.empty() ? "wait" : next.command),
                     base::printable(next.why));
}

ordered_json to_json(const Status& status) {
  const NextStep next = next_step(status);
  const HourCounts hours = count_hours(status);
  const auto waiting = why_waiting(status);
  return {{"schema_version", 1},
          {"lag", lag_of(status)},
          {"partitions", partitions_json(status)},
          {"hours", hours_json(status)},
          {"at", base::format_iso(status.at)},
          {"topic", status.topic},
          {"group", status.group},
          {"sinks", or_null(status.sinks)},
          {"lake", status.lake},
          {"stages", stages_json(status)},
          {"hour_counts", {{"complete", hours.complete}, {"open", hours.open}, {"late", hours.late}}},
          {"waiting", waiting ? ordered_json{{"reason", waiting->reason},
                                             {"since", time_or_null(oldest_waiting(status))},
                                             {"text", waiting->text}}
                              : ordered_json(nullptr)},
          {"published", published_json(status)},
          {"proof", proof_json(status)},
          {"next",
           {{"why", next.why},
            {"command", next.command.empty() ? ordered_json(nullptr) : ordered_json(next.command)}}}};
}

}  // namespace sdp::cli
