#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sdp::diag {

enum class Level : std::uint8_t { debug, info, warning, error, off };

/// A member of a log line, flat. The name ends in its unit where it has one.
struct FieldSpec {
  std::string_view name;
  std::string_view meaning;
};

/// What may be logged. Names and fields are an interface: alarms and tests read them
/// (docs/formats/log-events.md).
struct EventSpec {
  std::string_view name;
  Level level;
  /// Names of kFields, separated by spaces. Any of them may be missing from a line.
  std::string_view fields;
  std::string_view meaning;
  /// Within this time a line is written once per topic, partition and object; the others are counted. 0: each
  /// is written.
  std::chrono::seconds repeat{0};
};

inline constexpr auto kFields = std::to_array<FieldSpec>({
    {"acked", "events that the log confirmed"},
    {"adopted", "ranges that other writers had committed at our place"},
    {"behind", "offset that the lake has not reached yet"},
    {"buffered_bytes", "bytes of lines in memory that are not durable"},
    {"bytes", "bytes, as stored"},
    {"chain_end", "offset where the chain ends in the lake"},
    {"code", "error code of the client library"},
    {"compression", "in which brokers store the topic"},
    {"copied_before", "objects that an earlier try had copied"},
    {"count", "how many lines were left out"},
    {"done", "how many of them are done"},
    {"end", "offset behind the last one"},
    {"event_of", "name of the event whose lines were left out"},
    {"exit_code", "exit code of the process"},
    {"expires", "when the credentials end, UTC"},
    {"failed", "events, or tests, that failed"},
    {"first", "first offset"},
    {"hour", "hour of the lake, UTC"},
    {"kind", "kind of the error; it decides the exit code"},
    {"limit_s", "seconds after which it is given up"},
    {"line", "a line of output, as it came"},
    {"loaded_before", "objects that the ledger had already"},
    {"lost", "whether another member may own the partition already"},
    {"member", "name of a part"},
    {"message", "what happened, where, and what to do"},
    {"models", "dbt models that were built"},
    {"object", "key of the object"},
    {"objects", "number of objects"},
    {"objects_per_hour", "objects of an hour of the lake, on average"},
    {"offset", "offset"},
    {"outcome", "how it ended"},
    {"partition", "partition"},
    {"partitions", "number of partitions"},
    {"path", "file or folder"},
    {"per_second", "events or rows a second"},
    {"problems", "chains that could not be copied or loaded to their end"},
    {"produced", "events that the simulator made"},
    {"reason", "why"},
    {"records", "number of records"},
    {"records_durable", "records in objects that this sink created"},
    {"rejected", "number of rejected lines"},
    {"retry_s", "seconds until it is tried again"},
    {"rows", "rows that were loaded"},
    {"rows_per_copy", "rows that one COPY loaded, on average"},
    {"seconds", "how long it took"},
    {"signal", "number of the signal"},
    {"skipped", "dbt nodes that did not run"},
    {"source", "where the credentials come from"},
    {"staging_bytes", "bytes of the staging files"},
    {"staging_files", "number of staging files"},
    {"statements", "statements that the warehouse ran"},
    {"statements_per_transaction", "statements of one transaction, on average"},
    {"step", "what is being done"},
    {"tables", "number of tables"},
    {"tests_passed", "dbt tests that passed"},
    {"topic", "topic"},
    {"topic_id", "identity of the topic at the broker"},
    {"total", "how many there are"},
    {"transactions", "number of transactions"},
    {"url", "address"},
    {"wanted", "what is set"},
    {"warned", "dbt tests that warned"},
    {"winner_end", "end of the range that another writer committed"},
});

inline constexpr auto kEvents = std::to_array<EventSpec>({
    {"command.failed", Level::error, "kind exit_code message", "The command ends with an error."},
    {"command.stopping", Level::info, "signal",
     "A signal asked for a stop: what was read is made durable first. A second signal ends the process at "
     "once."},
    {"extract.finished", Level::info, "path objects bytes copied_before loaded_before problems",
     "The objects of the hours are in the stage folder, but those of chains with a problem."},
    {"extract.problem", Level::error, "kind message",
     "A chain could not be copied to its end; all else is copied."},
    {"hours.begun", Level::debug, "topic partition hour",
     "The chain of a partition got its first open hour."},
    {"hours.closed", Level::info, "topic partition hour end records objects",
     "The marker of an hour stands; `end` is where the hour ends."},
    {"hours.dropped", Level::warning, "topic partition hour",
     "Too many hours wait to be closed; the next hour asks again.", std::chrono::seconds(60)},
    {"hours.listed_again", Level::debug, "topic partition hour",
     "The objects found are not all of the hours' offsets, so older folders are listed too."},
    {"hours.overtaken", Level::debug, "topic partition hour first end",
     "Somebody else closed an hour at another offset; theirs stands, the rest is planned again."},
    {"hours.past_closed", Level::info, "topic topic_id partition hour end records objects",
     "An hour of an earlier life of the topic is closed: the topic was deleted and created again."},
    {"hours.past_postponed", Level::warning, "topic kind message",
     "The last hours of earlier lives of the topic could not be closed; that is tried again with the next "
     "hour."},
    {"hours.postponed", Level::warning, "topic partition hour retry_s kind message",
     "Hours up to this one could not be closed. No event depends on it; it is tried again.",
     std::chrono::seconds(60)},
    {"kafka.assign", Level::debug, "topic partitions", "The group assigns partitions to this member."},
    {"kafka.assignment.expired", Level::info, "topic partitions",
     "The group took an assignment back while the sink looked for its start."},
    {"kafka.batch_unreadable", Level::debug, "topic partition offset code message",
     "A record batch cannot be read. Nothing of the partition is read until its end is found."},
    {"kafka.brokers_down", Level::warning, "topic message", "No broker can be reached.",
     std::chrono::seconds(10)},
    {"kafka.commit_failed", Level::warning, "topic code",
     "Group offsets could not be committed. Only lag tools read them.", std::chrono::seconds(60)},
    {"kafka.connection_failed", Level::debug, "topic code message",
     "A connection failed; the client makes another.", std::chrono::seconds(10)},
    {"kafka.leave", Level::debug, "topic partitions", "The member leaves the group."},
    {"kafka.reconnected", Level::info, "topic", "A broker answers again."},
    {"kafka.record_failed", Level::warning, "topic partition offset code kind message",
     "The client could not deliver a record.", std::chrono::seconds(10)},
    {"kafka.revoke", Level::debug, "topic partitions lost", "The group revokes partitions."},
    {"kafka.seek_retried", Level::debug, "topic partition offset code",
     "The partition is not being fetched yet, so its seek is tried again.", std::chrono::seconds(10)},
    {"load.finished", Level::info,
     "rows rejected objects transactions loaded_before problems seconds per_second",
     "What this load added to bronze."},
    {"load.hole", Level::info, "retry_s",
     "An object is missing from a chain; it may have been put during the listing, so the lake is listed "
     "again."},
    {"load.left_for_later", Level::info, "objects", "Objects belong to hours that are not complete."},
    {"load.object_alone", Level::info, "objects message",
     "A transaction has a damaged object, so its objects are loaded one by one."},
    {"load.object_foreign", Level::warning, "object",
     "An object was not written by a sink and is left alone."},
    {"load.objects_foreign", Level::warning, "objects",
     "So many objects in all were not written by a sink; ten have lines of their own."},
    {"load.planned", Level::debug, "objects loaded_before", "What is in the lake and not in the ledger."},
    {"load.problem", Level::error, "kind message",
     "A chain could not be loaded to its end; all else is loaded."},
    {"load.statements", Level::info,
     "statements statements_per_transaction rows_per_copy staging_files staging_bytes objects_per_hour",
     "What a warehouse that is paid for had to do."},
    {"load.transaction", Level::debug, "objects rows rejected",
     "A transaction added these objects to bronze."},
    {"log.repeated", Level::info, "event_of count topic partition object",
     "Lines of one event were left out, because they came too fast after one that was written."},
    {"publish.finished", Level::info, "path tables rows bytes seconds",
     "A copy of the marts stands where readers find it."},
    {"s3.credentials.found", Level::debug, "source expires",
     "Where the credentials for the S3 server come from, and when they end."},
    {"s3.credentials.not_renewed", Level::warning, "source expires retry_s kind message",
     "New credentials could not be had. The present ones still hold; it is tried again."},
    {"s3.credentials.renewed", Level::debug, "source expires",
     "The credentials were about to end, or the server said that they had: there are new ones."},
    {"services.secret_file", Level::info, "member url path", "Where the password of a local server is."},
    {"services.step", Level::info, "message", "A local server is started, stopped or waited for."},
    {"simulate.finished", Level::info, "acked seconds per_second", "All events were produced and confirmed."},
    {"simulate.progress", Level::info, "produced acked failed per_second",
     "Once a second while events are not shown, and the final count at the end."},
    {"sink.batch.unreadable", Level::warning, "topic partition first end reason",
     "A record batch cannot be read: offsets `first` up to before `end` become one rejected line with this "
     "code, and "
     "its bytes are not kept."},
    {"sink.caught_up", Level::info, "topic",
     "The sink stops because everything that the topic had when the stop was wanted is in the lake."},
    {"sink.caught_up.waiting", Level::debug, "topic partition behind reason",
     "Why the sink does not stop yet. `reason`: `end` (the partition's end is being asked for), `position` "
     "(an "
     "own partition is not durable up to its end, `behind`) or `others` (one of another member is not).",
     std::chrono::seconds(5)},
    {"sink.finished", Level::info, "records_durable objects rejected adopted", "Totals of this sink."},
    {"sink.head.not_written", Level::warning, "topic partition object kind message",
     "The hint where a chain ends could not be written. Nothing depends on it: the next start looks further.",
     std::chrono::seconds(60)},
    {"sink.lake.listing", Level::info, "topic objects",
     "No hint tells where a chain ends, or the log starts above it: the whole lake is listed, `objects` "
     "names "
     "so far."},
    {"sink.listening", Level::info, "topic topic_id partitions",
     "The sink has joined the group of its topic."},
    {"sink.object.uploaded", Level::debug,
     "topic partition object first end records rejected bytes reason outcome seconds",
     "An object is durable. `reason` is what cut its batch; `outcome` is `created` or `already_ours`."},
    {"sink.outage.begun", Level::warning, "topic limit_s message",
     "The log cannot be reached; the sink tries on."},
    {"sink.outage.exceeded", Level::error, "topic seconds message",
     "The log stayed out of reach for too long."},
    {"sink.outage.over", Level::info, "topic seconds", "The log can be reached again."},
    {"sink.partition.assigned", Level::info, "topic partition offset",
     "The partition is ours; its chain ends at `offset`, where reading begins."},
    {"sink.partition.paused", Level::debug, "topic partition buffered_bytes",
     "Uploads do not keep up with this partition, or memory is full."},
    {"sink.partition.resumed", Level::debug, "topic partition buffered_bytes",
     "The partition is read again."},
    {"sink.partition.revoked", Level::info, "topic partition lost", "The partition is no longer ours."},
    {"sink.partition.unanswered", Level::warning, "topic partition kind message",
     "The log cannot be asked for a partition that was assigned. It is read when its broker answers; the "
     "others go on.",
     std::chrono::seconds(60)},
    {"sink.partitions.added", Level::info, "topic partitions",
     "The topic has more partitions than before, and new ones are ours."},
    {"sink.range.adopted", Level::info, "topic partition object first winner_end chain_end",
     "Another writer had committed a range at our place: our batch is dropped, reading goes on from "
     "`chain_end`."},
    {"sink.seek", Level::debug, "topic partition offset", "Reading of a partition goes on from `offset`."},
    {"sink.stopping", Level::info, "topic buffered_bytes",
     "The sink makes durable what it has read, then leaves."},
    {"sink.topic.create_time", Level::info, "topic",
     "The topic has the producers' time stamps: objects are filed under those, and hours close by this "
     "machine's clock."},
    {"sink.topic.waiting", Level::info, "topic limit_s message",
     "The topic does not exist yet and is waited for.", std::chrono::seconds(10)},
    {"topic.compression_kept", Level::info, "topic compression wanted",
     "The topic exists, and brokers store it in another compression than is set: that counts only for a "
     "topic that "
     "is created."},
    {"topic.created", Level::info, "topic partitions", "The topic did not exist and was created."},
    {"transform.finished", Level::info, "models tests_passed warned skipped seconds", "dbt build succeeded."},
    {"transform.lineage_failed", Level::warning, "message",
     "The lineage collector did not take dbt's events."},
    {"transform.output", Level::info, "line", "What dbt prints."},
    {"transform.started", Level::info, "path", "dbt build runs in this folder."},
    {"upgrade.progress", Level::info, "step done total",
     "So many of the lake's files or objects were `listed`, `read`, `copied`, `proved` or `removed`."},
});

constexpr std::string_view name(Level level) {
  constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warning", "error", "off"};
  return kNames.at(static_cast<std::size_t>(level));
}

/// Index in kFields, or its size.
constexpr std::size_t find_field(std::string_view field) {
  return static_cast<std::size_t>(std::ranges::find(kFields, field, &FieldSpec::name) - kFields.begin());
}

/// Index in kEvents, or its size.
constexpr std::size_t find_event(std::string_view event) {
  return static_cast<std::size_t>(std::ranges::find(kEvents, event, &EventSpec::name) - kEvents.begin());
}

/// Whether lines of the event may have the field.
constexpr bool has_field(const EventSpec& event, std::string_view field) {
  for (std::string_view rest = event.fields; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == field) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace sdp::diag
