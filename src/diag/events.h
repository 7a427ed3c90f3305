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
    {"adopted", "ranges that another writer had already written where this sink wanted to write"},
    {"behind", "offset that is not in the lake yet"},
    {"behind_s",
     "seconds from the broker's time of the newest record that the marts count to their publication"},
    {"broker", "number of a broker in its cluster"},
    {"buffered_bytes", "bytes of lines in memory that are not in the lake yet"},
    {"bytes", "bytes as they are stored"},
    {"chain_end", "offset where the chain ends in the lake"},
    {"code", "error code of the client library"},
    {"compression", "compression with which brokers store the topic"},
    {"copied_before", "objects that an earlier try had copied already"},
    {"count", "how many lines or rows were left out"},
    {"covered", "rows of Spotify's account data on days that the extended history has"},
    {"done", "how many of `total` are done"},
    {"end", "offset after the last one"},
    {"event_of", "name of the event whose lines were left out"},
    {"exit_code", "exit code of the process"},
    {"expires", "time at which the credentials expire, UTC"},
    {"failed", "rounds that failed"},
    {"first", "first offset"},
    {"hour", "hour of the lake, UTC"},
    {"kept", "rows that become events"},
    {"kind", "kind of the error, which decides the exit code"},
    {"known", "rows of files that were imported before"},
    {"left_s", "seconds that the rest takes at this rate"},
    {"limit_s", "seconds after which the program gives up"},
    {"line", "a line of output, unchanged"},
    {"loaded_before", "objects that had been loaded already"},
    {"look", "looks at everything, up to this one"},
    {"lost", "whether another sink may already own the partition"},
    {"member", "name of the server"},
    {"message", "what happened, where, and what to do"},
    {"models", "dbt models that were built"},
    {"no_music", "rows that are not music, such as podcasts"},
    {"object", "key of the object"},
    {"objects", "number of objects"},
    {"objects_per_hour", "objects of an hour of the lake, on average"},
    {"of", "what takes long"},
    {"offset", "offset"},
    {"outcome", "result of the upload"},
    {"partition", "partition"},
    {"partitions", "number of partitions"},
    {"path", "file or folder"},
    {"per_second", "how many a second"},
    {"problems", "chains that could not be copied or loaded to their end"},
    {"reason", "why"},
    {"records", "number of records"},
    {"records_durable", "records in objects that this sink created"},
    {"refused", "rows that are broken"},
    {"rejected", "number of rejected lines"},
    {"retry_s", "seconds until the next try"},
    {"rows", "rows that were loaded"},
    {"rows_per_copy", "rows that one COPY loaded, on average"},
    {"rows_read", "rows of an export that were read"},
    {"seconds", "seconds that it took"},
    {"signal", "number of the signal"},
    {"skipped", "dbt nodes that did not run"},
    {"source", "where the credentials come from"},
    {"staging_bytes", "bytes of the staging files"},
    {"staging_files", "number of staging files"},
    {"statements", "statements that the warehouse executed"},
    {"statements_per_transaction", "statements of one transaction, on average"},
    {"step", "what is done now"},
    {"tables", "number of tables"},
    {"tests_passed", "dbt tests that passed"},
    {"topic", "topic"},
    {"topic_id", "id that the broker gave to the topic"},
    {"total", "how many there are"},
    {"transactions", "number of transactions"},
    {"unit", "what is counted"},
    {"url", "address"},
    {"wanted", "value of the setting"},
    {"warned", "dbt tests that gave a warning"},
    {"winner_end", "end of the range that another writer committed"},
});

inline constexpr auto kEvents = std::to_array<EventSpec>({
    {"command.failed", Level::error, "kind exit_code message", "The command ends with an error."},
    {"command.stopping", Level::info, "signal",
     "A signal asked the program to stop. It first uploads what it has read. A second signal ends it at "
     "once."},
    {"extract.finished", Level::info, "path objects bytes copied_before loaded_before problems",
     "The objects are in the stage folder, except those of chains with a problem."},
    {"extract.problem", Level::error, "kind message",
     "A chain could not be copied to its end. All other chains are copied."},
    {"forget.step", Level::info, "path step",
     "A person's rows are taken out of the warehouse at `path`: what is done now."},
    {"hours.begun", Level::debug, "topic partition hour",
     "The sink has begun to keep the hours of a partition."},
    {"hours.closed", Level::info, "topic partition hour end records objects",
     "An hour of a partition is closed. It ends before the offset `end`."},
    {"hours.dropped", Level::warning, "topic partition hour",
     "Too many hours wait to be closed. They are tried again with the next hour.", std::chrono::seconds(60)},
    {"hours.listed_again", Level::debug, "topic partition hour",
     "The objects that were found do not cover the hours, so older folders are listed, too."},
    {"hours.overtaken", Level::debug, "topic partition hour first end",
     "Another sink has closed an hour at another offset. Its marker counts, and the later hours are planned "
     "again."},
    {"hours.past_closed", Level::info, "topic topic_id partition hour end records objects",
     "An hour of a deleted topic is closed. The topic was created again with the same name."},
    {"hours.past_postponed", Level::warning, "topic kind message",
     "The last hours of a deleted topic of the same name could not be closed. They are tried again with the "
     "next hour."},
    {"hours.postponed", Level::warning, "topic partition hour retry_s kind message",
     "Hours up to this one could not be closed. No event is lost by that, and it is tried again.",
     std::chrono::seconds(60)},
    {"import.finished", Level::info, "acked seconds per_second",
     "All events of an import were produced and confirmed."},
    {"import.read", Level::info, "rows_read kept no_music refused covered known",
     "The rows of an export were read. What becomes of them adds up to `rows_read`."},
    {"kafka.assign", Level::debug, "topic partitions", "Kafka has assigned partitions to this sink."},
    {"kafka.assignment.expired", Level::info, "topic partitions",
     "Kafka took partitions back while the sink looked for the offset to begin at."},
    {"kafka.batch_unreadable", Level::debug, "topic partition offset code message",
     "A record batch cannot be read. The partition waits until the end of the batch is found."},
    {"kafka.brokers_down", Level::warning, "topic message", "No broker can be reached.",
     std::chrono::seconds(10)},
    {"kafka.commit_failed", Level::warning, "topic code",
     "The offsets of the consumer group could not be committed. Only tools that show the lag read them.",
     std::chrono::seconds(60)},
    {"kafka.connection_failed", Level::debug, "topic code message",
     "A connection failed. The client opens another one.", std::chrono::seconds(10)},
    {"kafka.id_not_told", Level::warning, "topic broker message",
     "A broker did not tell the id of the topic. What it gave since it last did is not uploaded before it "
     "does, or is "
     "read again.",
     std::chrono::seconds(10)},
    {"kafka.leave", Level::debug, "topic partitions", "This sink leaves the consumer group."},
    {"kafka.reconnected", Level::info, "topic", "A broker answers again."},
    {"kafka.record_failed", Level::warning, "topic partition offset code kind message",
     "The client could not deliver a record.", std::chrono::seconds(10)},
    {"kafka.revoke", Level::debug, "topic partitions lost", "Kafka takes partitions away from this sink."},
    {"kafka.seek_retried", Level::debug, "topic partition offset code",
     "Kafka's client was not ready to move in the partition, so it is asked again.",
     std::chrono::seconds(10)},
    {"live.published", Level::info, "records seconds behind_s",
     "A round of a live run is over: the marts count these new records, and are published."},
    {"live.rejected", Level::warning, "message",
     "More records are rejected than --max-reject-ratio allows. The marts have all others."},
    {"live.round_failed", Level::warning, "kind message failed",
     "A round of a live run failed. Readers keep what was published before, and the next round tries it "
     "again. `failed`: rounds that failed one after another."},
    {"live.round_waits", Level::info, "message seconds",
     "Another process has the warehouse, such as a proof. The round is tried again after two seconds, for "
     "half an hour at most. `seconds`: for how long it has waited.",
     std::chrono::seconds(60)},
    {"load.finished", Level::info,
     "rows rejected objects transactions loaded_before problems seconds per_second",
     "What this load added to bronze."},
    {"load.hole", Level::info, "retry_s",
     "An object is missing in a chain. It may have been uploaded during the listing, so the lake is listed "
     "again."},
    {"load.left_for_later", Level::info, "objects",
     "These objects are not loaded because their hours are not complete."},
    {"load.object_alone", Level::info, "objects message",
     "A transaction contains a damaged object, so its objects are loaded one by one."},
    {"load.object_foreign", Level::warning, "object", "An object was not written by a sink. It is ignored."},
    {"load.objects_foreign", Level::warning, "objects",
     "Number of objects that were not written by a sink. The first ten have lines of their own."},
    {"load.planned", Level::debug, "objects loaded_before",
     "What is to be loaded: objects of the lake that are not in the ledger."},
    {"load.problem", Level::error, "kind message",
     "A chain could not be loaded to its end. All other chains are loaded."},
    {"load.statements", Level::info,
     "statements statements_per_transaction rows_per_copy staging_files staging_bytes objects_per_hour",
     "What the warehouse had to do, for a warehouse that costs money."},
    {"load.transaction", Level::debug, "objects rows rejected",
     "A transaction has added these objects to bronze."},
    {"log.repeated", Level::info, "event_of count topic partition object",
     "Lines of this event were left out because they followed each other too fast."},
    {"monitor.listening", Level::info, "url", "Metrics are answered at this address, health beside them."},
    {"progress", Level::info, "of done total unit per_second left_s",
     "How far something is that takes long, each ten seconds. On a terminal it is one line that is drawn "
     "again."},
    {"publish.finished", Level::info, "path tables rows bytes seconds", "The marts are published at `path`."},
    {"publish.replaced", Level::info, "path",
     "Others have published twice since this publication, which was removed before its proof came: the proof "
     "is published nowhere."},
    {"publish.unchanged", Level::info, "path",
     "The marts have not changed, so the publication stays as it is."},
    {"s3.credentials.found", Level::debug, "source expires", "The credentials for the S3 server were found."},
    {"s3.credentials.not_renewed", Level::warning, "source expires retry_s kind message",
     "New credentials could not be fetched. The present ones are still valid, and it is tried again."},
    {"s3.credentials.renewed", Level::debug, "source expires",
     "The credentials had expired or were about to, and were replaced by new ones."},
    {"serve.listening", Level::info, "url path", "Browsers are answered at this address."},
    {"serve.publication_damaged", Level::warning, "message",
     "A publication cannot be read, and the pages say so; the others are shown.", std::chrono::seconds(60)},
    {"serve.stopped", Level::info, "url", "No browser is answered any more."},
    {"services.secret_file", Level::info, "member url path", "Where the password of a local server is."},
    {"services.step", Level::info, "message", "A local server is started, stopped or waited for."},
    {"simulate.control.refused", Level::warning, "path message",
     "The file by which the simulation is steered cannot be read, or says what cannot be. What held goes "
     "on."},
    {"simulate.finished", Level::info, "acked seconds per_second", "All events were produced and confirmed."},
    {"simulate.steered", Level::info, "path message",
     "The file by which the simulation is steered has changed; `message` says what holds from now on."},
    {"sink.batch.unreadable", Level::warning, "topic partition first end reason",
     "A record batch cannot be read. Its offsets, from `first` to before `end`, become one rejected line "
     "with the code `reason`. Its bytes are not kept."},
    {"sink.caught_up", Level::info, "topic",
     "Everything that the topic had when the stop was asked for is in the lake, so the sink stops."},
    {"sink.caught_up.waiting", Level::debug, "topic partition behind reason",
     "Why the sink does not stop yet. `reason`: `end` (the partition's end is being asked for), `position` "
     "(an "
     "own partition is not durable up to its end, `behind`) or `others` (one of another member is not).",
     std::chrono::seconds(5)},
    {"sink.finished", Level::info, "records_durable objects rejected adopted", "Totals of this sink."},
    {"sink.head.not_written", Level::warning, "topic partition object kind message",
     "The note that says where a chain ends could not be written. The next start takes longer, nothing else.",
     std::chrono::seconds(60)},
    {"sink.lake.listing", Level::info, "topic objects",
     "The end of a chain is not known, so the whole lake is listed. `objects` have been listed so far."},
    {"sink.listening", Level::info, "topic topic_id partitions",
     "The sink has joined the group of its topic."},
    {"sink.object.uploaded", Level::debug,
     "topic partition object first end records rejected bytes reason outcome seconds",
     "An object is in the lake. `reason` says why it was finished; `outcome` is `created` or "
     "`already_ours`."},
    {"sink.outage.begun", Level::warning, "topic limit_s message",
     "The log cannot be reached. The sink keeps trying."},
    {"sink.outage.exceeded", Level::error, "topic seconds message",
     "The log could not be reached for too long. The sink gives up."},
    {"sink.outage.over", Level::info, "topic seconds", "The log can be reached again."},
    {"sink.partition.again", Level::warning, "topic partition offset",
     "The broker that gave the records from `offset` on does not tell whether the topic is still the same "
     "one. They are read again.",
     std::chrono::seconds(10)},
    {"sink.partition.assigned", Level::info, "topic partition offset",
     "This sink now reads the partition, from `offset` on, where its chain in the lake ends."},
    {"sink.partition.paused", Level::debug, "topic partition buffered_bytes",
     "The sink pauses reading this partition because uploads are too slow or memory is full."},
    {"sink.partition.resumed", Level::debug, "topic partition buffered_bytes",
     "The sink reads this partition again."},
    {"sink.partition.revoked", Level::info, "topic partition lost",
     "This sink no longer reads the partition."},
    {"sink.partition.unanswered", Level::warning, "topic partition kind message",
     "The broker of an assigned partition does not answer. The partition is read when it does; the other "
     "partitions go on.",
     std::chrono::seconds(60)},
    {"sink.partitions.added", Level::info, "topic partitions",
     "The topic has more partitions than before, and this sink reads some of the new ones."},
    {"sink.range.adopted", Level::info, "topic partition object first winner_end chain_end",
     "Another sink has already written these records. This sink drops its own batch and reads on from "
     "`chain_end`."},
    {"sink.seek", Level::debug, "topic partition offset",
     "The sink continues to read a partition at `offset`."},
    {"sink.stopping", Level::info, "topic buffered_bytes", "The sink uploads what it has read, then stops."},
    {"sink.topic.create_time", Level::info, "topic",
     "The records of the topic have the times of their producers. Objects are filed by those times; hours "
     "are closed by the clock of this machine."},
    {"sink.topic.waiting", Level::info, "topic limit_s message",
     "The topic does not exist yet. The sink waits for it.", std::chrono::seconds(10)},
    {"sql.rows_left_out", Level::warning, "count", "An answer in CSV or JSON was cut at --max-rows."},
    {"topic.compression_kept", Level::info, "topic compression wanted",
     "The topic exists already and keeps its compression. The setting counts only for a topic that the "
     "command creates."},
    {"topic.created", Level::info, "topic partitions", "The topic did not exist and was created."},
    {"transform.finished", Level::info, "models tests_passed warned skipped seconds", "dbt build succeeded."},
    {"transform.lineage_failed", Level::warning, "message",
     "The lineage collector did not accept dbt's events."},
    {"transform.nothing_new", Level::info, "seconds",
     "No object was loaded since the last build, and neither the project nor the tables have changed. dbt "
     "was not started."},
    {"transform.output", Level::info, "line", "A line that dbt has printed."},
    {"transform.started", Level::info, "path", "dbt build has started in this folder."},
    {"transform.worker_ended", Level::warning, "code",
     "dbt, kept loaded between builds, has ended unasked. The next build starts it again."},
    {"transform.worker_missing", Level::warning, "message",
     "dbt cannot be kept loaded between builds, so each of them loads it."},
    {"upgrade.progress", Level::info, "step done total",
     "Progress of the upgrade. `step` is `listed`, `read`, `copied`, `proved` or `removed`."},
    {"verify.changed_meanwhile", Level::info, "look",
     "Something seems to be wrong, but a load or a transform has committed while verify looked. It looks "
     "again."},
    {"waiting", Level::info, "of seconds limit_s message",
     "A server has not answered for a second, or an upload takes more than five. Said again each ten "
     "seconds."},
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
