#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace sdp::cli {

/// A member of `result` in what a command tells with --json (docs/formats/result.md).
struct ResultMember {
  std::string_view command;
  std::string_view name;
  std::string_view type;
  std::string_view meaning;
};

/// In the order in which they are told: a command's members stand together. A command that is here has
/// --json by being here. The page has this table, which a test compares.
inline constexpr auto kResultMembers = std::to_array<ResultMember>({
    {"run", "data", "text", "The data folder."},
    {"run", "url", "text", "Where the pages of a live run were served."},
    {"run", "records_durable", "number", "Records that this run's sink made durable in the lake."},
    {"run", "objects_created", "number", "Objects that it made of them."},
    {"run", "rows", "number", "Rows that the run's last load brought into bronze."},
    {"run", "rejected_by_sink", "number", "Rejected lines that it brought there."},
    {"run", "models", "number", "Models that dbt built."},
    {"run", "tests_passed", "number", "Tests of dbt that passed."},
    {"run", "published", "text", "What people open of the publication."},
    {"run", "report", "text", "The page of the result."},
    {"run", "oracle", "text", "The file of the oracle."},
    {"run", "no_oracle", "text", "Why there is none, where one was asked for."},
    {"run", "proved", "truth", "Whether `verify` found no difference."},

    {"init", "bucket", "text", "The bucket, or the folder of the lake."},
    {"init", "bucket_created", "truth", "Whether it was not there before."},
    {"init", "topic", "text", "The topic."},
    {"init", "topic_created", "truth", "Whether it was not there before."},
    {"init", "partitions", "number", "Its partitions."},

    {"simulate", "output", "text", "`kafka`, or the file of the lines."},
    {"simulate", "topics", "list", "The topics that records were sent to."},
    {"simulate", "produced", "number", "Records that were sent, those of aborted transactions among them."},
    {"simulate", "acked", "number", "Records that the log confirmed."},
    {"simulate", "aborted", "number", "Records of transactions that were aborted; each was sent again."},
    {"simulate", "stopped", "truth", "Whether it was stopped before its end."},
    {"simulate", "oracle", "text", "The file of the oracle."},
    {"simulate", "labels", "text", "The file of the labels."},

    {"import", "path", "text", "The export."},
    {"import", "folder", "text", "Where it is remembered what was imported."},
    {"import", "topic", "text", "The topic."},
    {"import", "topic_created", "truth", "Whether it was not there before."},
    {"import", "events", "number", "Events that the export has and that were not imported before."},
    {"import", "acked", "number", "Events that the log confirmed."},

    {"sink", "topic", "text", "The topic."},
    {"sink", "lake", "text", "The lake."},
    {"sink", "bucket_created", "truth", "Whether the bucket was not there before."},
    {"sink", "records_read", "number",
     "Records that came from the log, also those that were durable already."},
    {"sink", "records_durable", "number", "Records in objects that this sink made."},
    {"sink", "records_rejected", "number", "Rejected lines among them."},
    {"sink", "objects_created", "number", "Objects that it made."},
    {"sink", "objects_adopted", "number", "Ranges that another sink had made durable."},
    {"sink", "bytes", "number", "The size of its objects, as stored."},
    {"sink", "hours_closed", "number", "Markers of hours, one for each partition."},
    {"sink", "outages", "number", "How often the log could not be reached."},

    {"pipeline", "warehouse", "text", "The warehouse."},
    {"pipeline", "published", "text", "The folder of the publications."},
    {"pipeline", "rounds", "number", "Rounds that ended."},
    {"pipeline", "rounds_failed", "number", "Rounds among them that failed."},
    {"pipeline", "publications", "number", "Rounds that published something new."},
    {"pipeline", "records", "number", "Records that came into the marts."},

    {"warehouse init", "warehouse", "text", "The warehouse."},

    {"serve", "url", "text", "Where the pages were served."},
    {"serve", "flow", "truth", "Whether the pages that move were among them."},

    {"down", "parts", "list", "What was to be stopped; nothing of it runs now."},
});

consteval bool are_grouped() {
  for (std::size_t at = 0; at < kResultMembers.size(); ++at) {
    for (std::size_t before = 0; before < at; ++before) {
      const bool same = kResultMembers[before].command == kResultMembers[at].command;
      if (same && kResultMembers[before].name == kResultMembers[at].name) return false;
      if (same && kResultMembers[at - 1].command != kResultMembers[at].command) return false;
    }
  }
  return true;
}
static_assert(are_grouped(), "cli/result_members.h: a command's members stand together, and none twice");

constexpr bool has_result(std::string_view command) {
  return std::ranges::any_of(kResultMembers,
                             [command](const ResultMember& member) { return member.command == command; });
}

}  // namespace sdp::cli
