#include "verify/proof_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <string_view>

#include "base/ascii.h"
#include "event/fields.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

struct Column {
  std::string_view name;
  std::string_view type;
};

constexpr std::string_view kOfTheLine = "equal to its line in the lake";
constexpr std::string_view kOneTime =
    "the same in an object's ledger row and in all its rows; that it is the true time is the loader's word";
constexpr std::string_view kOfTheObject = "equal to the object's metadata";
constexpr std::string_view kOfTheEvent = "equal to the event in its line, judged and read again";
constexpr std::string_view kFromTheLake = "counted again from the lake's lines";
constexpr std::string_view kFromSilver = "counted again from silver";

std::string_view type_of(const event::Field& field) {
  if (field.type == event::FieldType::time) return "TIMESTAMP";
  return field.type == event::FieldType::integer ? "BIGINT" : "VARCHAR";
}

class List {
 public:
  void proved(std::string_view place, std::initializer_list<Column> columns, std::string_view by) {
    for (const Column& column : columns) {
      add({std::string(place),
           std::string(column.name),
           std::string(column.type),
           true,
           std::string(by),
           {}});
    }
  }

  void not_proved(std::string_view place, Column column, std::string_view why) {
    add({std::string(place),
         std::string(column.name),
         std::string(column.type),
         false,
         std::string(why),
         {}});
  }

  void add(ProofLine line) { lines_.push_back(std::move(line)); }
  std::vector<ProofLine> take() { return std::move(lines_); }

 private:
  std::vector<ProofLine> lines_;
};

void add_log(List& list) {
  constexpr std::string_view kWitnesses = "log: witnesses";
  list.proved(kWitnesses, {{"records", ""}}, "by checksums; each is in the lake, or not yet");
  list.not_proved(kWitnesses, {"the file", ""},
                  "one that is missing, or ends early as a killed run leaves it, is noted; the proof then "
                  "begins at the lake");
}

void add_lake(List& list) {
  list.proved("lake: objects", {{"key", ""}}, "the one that the object's metadata has");
  list.proved(
      "lake: objects", {{"body", ""}},
      "every line; equal to the log's records as long as the log can read them or a witness has them");
  list.proved("lake: objects", {{"offsets of a batch that cannot be read", ""}},
              "the log refuses exactly these, as long as it has them");
  list.not_proved("lake: objects", {"code of a batch that cannot be read", ""},
                  "its damage may change while it lies in the log");
  list.proved("lake: object metadata",
              {{"topic-name", ""},
               {"topic-id", ""},
               {"partition", ""},
               {"first-offset", ""},
               {"last-offset", ""},
               {"records", ""},
               {"rejected", ""},
               {"first-timestamp-ms", ""},
               {"last-timestamp-ms", ""},
               {"sha256", ""},
               {"last-line-sha256", ""},
               {"first-rejected", ""},
               {"last-rejected", ""}},
              "equal to the body, the key, the layout and the ranges of the chain");
  list.proved("lake: object metadata", {{"leader-epoch", ""}},
              "equal to the log's as long as it has the object's last record");
  list.proved("lake: object metadata", {{"writer", ""}}, "equal to the ledger row of a loaded object");
  list.proved("lake: layout",
              {{"version", ""}, {"format", ""}, {"compression", ""}, {"partitioner", ""}, {"topic", ""}},
              "there, of a value that this version knows, and equal to what the objects show");
  list.proved("lake: upgrade record", {{"layout", ""}, {"chains", ""}},
              "equal to the layout; objects below a chain's end are of layout 1, the others of layout 2");
  list.proved("lake: overrides",
              {{"version", ""},
               {"action", ""},
               {"object", ""},
               {"topic_id", ""},
               {"partition", ""},
               {"first_offset", ""},
               {"last_offset", ""},
               {"next_offset", ""},
               {"bytes", ""}},
              "equal to its object, to the metadata that it has, and to where other objects start");
  list.add({"lake: overrides", "reason", "", false, "the word of whoever ignored the object", {}});
  list.add({"lake: overrides", "created_at", "", false, "the clock of whoever ignored the object", {}});
  list.add({"lake: overrides", "writer", "", false, "the word of whoever ignored the object", {}});
  list.add(
      {"lake: overrides", "the body of its object", "", false, "nobody reads an object that is ignored", {}});
  list.proved("lake: gaps", {{"topic", ""}, {"topic_id", ""}, {"partition", ""}, {"first_offset", ""}},
              "where its chain has a hole, or its end");
  list.add({"lake: gaps",
            "last_offset",
            "",
            false,
            "a chain goes on where its next object starts, even inside a gap",
            {}});
  list.add({"lake: gaps",
            "at the end of a chain, where the log is gone",
            "",
            false,
            "only the log tells what followed the last object; verify notes the offsets",
            {}});
  list.proved("lake: hour begins", {{"topic_id", ""}, {"partition", ""}, {"hour", ""}},
              "the hours of a chain follow it without a hole");
  list.add({"lake: hour begins",
            "of a chain without marker",
            "",
            false,
            "nothing else says in which hour such a chain begins",
            {}});
  list.proved("lake: hour markers",
              {{"topic", ""},
               {"topic_id", ""},
               {"partition", ""},
               {"hour", ""},
               {"first_offset", ""},
               {"next_offset", ""},
               {"objects", ""},
               {"records", ""},
               {"rejected", ""},
               {"sha256", ""},
               {"list", ""}},
              "the hours of a chain follow each other, and have the objects that the marker counted");
  list.proved("lake: hour markers", {{"partitions", ""}},
              "not more than the log has, not fewer than began, never fewer than before");
  list.add({"lake: hour markers",
            "the newest",
            "",
            false,
            "that an hour was closed is only told by its marker; it is missed when the log still has the "
            "topic, and "
            "another partition has closed a later hour, or the same one while this partition has gone on",
            {}});
  list.add({"lake: chain heads",
            "*",
            "",
            false,
            "a hint that nobody trusts: what it names is looked at, and the log tells what follows",
            {}});
  list.add({"lake: probe", "*", "", false, "its content means nothing", {}});
}

void add_bronze(List& list) {
  for (const std::string_view table : {kBronzeEvents, kBronzeRejected}) {
    list.proved(table,
                {{"object_key", "VARCHAR"},
                 {"topic", "VARCHAR"},
                 {"topic_id", "VARCHAR"},
                 {"kafka_partition", "INTEGER"},
                 {"kafka_offset", "BIGINT"},
                 {"kafka_timestamp", "TIMESTAMP"},
                 {"kafka_key", "VARCHAR"},
                 {"kafka_key_base64", "VARCHAR"},
                 {"kafka_headers", "JSON"}},
                kOfTheLine);
    if (table == kBronzeEvents) {
      list.proved(table, {{"payload", "JSON"}}, kOfTheLine);
    } else {
      list.proved(table, {{"error_code", "VARCHAR"}, {"raw_base64", "VARCHAR"}}, kOfTheLine);
    }
    list.proved(table, {{"loaded_at", "TIMESTAMP"}}, kOneTime);
  }
  list.proved(kLoadLedger,
              {{"object_key", "VARCHAR"},
               {"topic", "VARCHAR"},
               {"topic_id", "VARCHAR"},
               {"kafka_partition", "INTEGER"},
               {"first_offset", "BIGINT"},
               {"last_offset", "BIGINT"},
               {"records", "BIGINT"},
               {"rejected", "BIGINT"},
               {"first_timestamp", "TIMESTAMP"},
               {"last_timestamp", "TIMESTAMP"},
               {"sha256", "VARCHAR"},
               {"writer", "VARCHAR"}},
              kOfTheObject);
  list.proved(kLoadLedger, {{"loaded_at", "TIMESTAMP"}}, kOneTime);
  list.not_proved("BRONZE.LOAD_LOCK", {"*", ""}, "Snowflake only: who loads now");
  list.not_proved("BRONZE.SPOTIFY_EVENTS_PARSED", {"*", ""},
                  "Snowflake only: a view of BRONZE.SPOTIFY_EVENTS for people");
}

void add_coordinates(List& list, std::string_view table) {
  list.proved(table,
              {{"topic_id", "VARCHAR"},
               {"kafka_partition", "INTEGER"},
               {"kafka_offset", "BIGINT"},
               {"kafka_timestamp", "TIMESTAMP"},
               {"object_key", "VARCHAR"}},
              kOfTheLine);
}

void add_silver(List& list) {
  for (const event::Field& field : event::kFields) {
    list.proved(kSilver, {{field.name, type_of(field)}}, kOfTheEvent);
  }
  add_coordinates(list, kSilver);
  add_coordinates(list, kDuplicates);
  list.proved(kDuplicates,
              {{"event_id", "VARCHAR"},
               {"kept_topic_id", "VARCHAR"},
               {"kept_kafka_partition", "INTEGER"},
               {"kept_kafka_offset", "BIGINT"}},
              "the record that is kept by a recount of all events");
  add_coordinates(list, kRejected);
  list.proved(kRejected, {{"rejected_by", "VARCHAR"}, {"reason", "VARCHAR"}, {"field", "VARCHAR"}},
              kOfTheEvent);
  list.proved(kRejected, {{"payload", "VARCHAR"}, {"raw_base64", "VARCHAR"}}, kOfTheLine);
  add_coordinates(list, kFaults);
  list.proved(kFaults,
              {{"fault", "INTEGER"}, {"rejected_by", "VARCHAR"}, {"reason", "VARCHAR"}, {"field", "VARCHAR"}},
              kOfTheEvent);
  list.proved(kTransformLedger,
              {{"object_key", "VARCHAR"},
               {"records", "BIGINT"},
               {"first_timestamp", "TIMESTAMP"},
               {"last_timestamp", "TIMESTAMP"}},
              "one row for each object that silver shows, equal to the object's metadata");
  list.not_proved(kTransformLedger, {"transformed_at", "TIMESTAMP"}, "when a batch closed is only told here");
  list.proved(kTransformParts,
              {{"kind", "VARCHAR"}, {"name", "VARCHAR"}, {"definition", "VARCHAR"}, {"row_count", "BIGINT"}},
              "equal to the event fields of this version, to the tables that there are, and to their rows");
  list.not_proved(kTransformParts, {"closed_at", "TIMESTAMP"}, "when a batch closed is only told here");
  list.not_proved(kTransformParts, {"the table itself", ""},
                  "a warehouse that an earlier version transformed has none; a note says so");
  list.not_proved(kJudged, {"*", ""},
                  "what is read of it is proved as SPOTIFY_SILVER, SPOTIFY_DUPLICATES and SPOTIFY_REJECTED");
  list.not_proved("TRANSFORM.INT_*", {"*", ""},
                  "what a run of dbt works on, made again by each; only that the table is there is proved");
}

void add_recount(List& list, const MartRecount& recount) {
  for (const MartRecount::Column& column : recount.columns) {
    const bool proved = column.not_proved.empty();
    list.add({recount.table, base::lower(column.name), column.type, proved,
              proved ? std::string(kFromSilver) : column.not_proved, proved ? recount.where : ""});
  }
  if (!recount.where.empty()) {
    list.add({recount.table,
              "other rows",
              "",
              false,
              recount.other_rows.empty() ? "no recount tells them" : recount.other_rows,
              {}});
  }
}

void add_marts(List& list) {
  list.proved("MART.TOP_SONGS",
              {{"song_id", "VARCHAR"},
               {"song_name", "VARCHAR"},
               {"artist_name", "VARCHAR"},
               {"total_plays", "BIGINT"},
               {"total_skips", "BIGINT"}},
              kFromTheLake);
  list.proved("MART.USER_ENGAGEMENT",
              {{"user_id", "VARCHAR"},
               {"device_type", "VARCHAR"},
               {"country", "VARCHAR"},
               {"total_plays", "BIGINT"},
               {"total_skips", "BIGINT"},
               {"playlist_adds", "BIGINT"},
               {"day", "DATE"}},
              kFromTheLake);
}

}  // namespace

std::vector<ProofLine> proof_list(const Recounts& recounts) {
  List list;
  add_log(list);
  add_lake(list);
  add_bronze(list);
  // Tables of TRANSFORM that have a recount come before the line for all others of that name.
  for (const auto& [table, recount] : recounts) {
    if (!table.starts_with("MART.")) add_recount(list, recount);
  }
  add_silver(list);
  for (const auto& [table, recount] : recounts) {
    if (table.starts_with("MART.")) add_recount(list, recount);
  }
  add_marts(list);
  list.not_proved("published files and report.html", {"*", ""},
                  "made of the warehouse, which is what is proved; nobody compares it again");
  return list.take();
}

std::string to_markdown(const std::vector<ProofLine>& list) {
  std::string text = "| of | what | type | proved | how, or why not |\n|---|---|---|---|---|\n";
  for (const ProofLine& line : list) {
    text += fmt::format("| {} | `{}` | {} | {} | {}{} |\n", line.place, line.part, line.type,
                        line.proved ? "yes" : "**no**", line.by,
                        line.rows.empty() ? "" : fmt::format(", where `{}`", line.rows));
  }
  return text;
}

std::vector<std::string> not_proved(const std::vector<ProofLine>& list) {
  std::vector<std::string> names;
  std::vector<std::string> parts;
  std::size_t lines = 0;
  const auto finish = [&](const std::string& place) {
    if (lines > 0 && parts.size() == lines) {
      names.push_back(place);
    } else if (!parts.empty()) {
      names.push_back(fmt::format("{} ({})", place, fmt::join(parts, ", ")));
    }
    parts.clear();
    lines = 0;
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    lines += list[i].looked_at ? 1 : 0;
    if (list[i].looked_at && !list[i].proved) parts.push_back(list[i].part);
    if (i + 1 == list.size() || list[i + 1].place != list[i].place) finish(list[i].place);
  }
  return names;
}

}  // namespace sdp::verify
