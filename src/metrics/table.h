#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sdp::metrics {

/// As in Prometheus. A counter only grows while its process lives.
enum class Type : std::uint8_t { counter, gauge, histogram };

/// What begins every name.
inline constexpr std::string_view kPrefix = "spotify_pipeline_";

/// One row of the table. Names and labels are an interface: alarms and dashboards read them
/// (docs/metrics.md). A label takes a handful of values, never a key, an id or a message.
struct Metric {
  std::string_view name;         ///< without kPrefix; ends in its unit, and in `_total` when it is a counter
  Type type = Type::gauge;       ///< a histogram's buckets are kBuckets
  std::string_view unit = {};    ///< what one of it is
  std::string_view labels = {};  ///< separated by spaces
  std::string_view help = {};    ///< a sentence with its full stop
  std::string_view commands = {};  ///< that tell it, separated by spaces
};

inline constexpr auto kMetrics = std::to_array<Metric>({
    {"build_info", Type::gauge, "1", "version", "The version of the program. Always 1.",
     "simulate sink load transform pipeline publish verify serve run"},
    {"command_duration_seconds", Type::gauge, "seconds", "command", "How long the last run took.",
     "simulate load transform publish verify"},
    {"command_exit_code", Type::gauge, "exit code", "command",
     "The exit code of the last run: 0 when it succeeded.", "simulate load transform publish verify"},
    {"command_last_run_timestamp_seconds", Type::gauge, "seconds since 1970", "command",
     "When the last run ended, however it ended.", "simulate load transform publish verify"},
    {"command_last_success_timestamp_seconds", Type::gauge, "seconds since 1970", "command",
     "When a run last ended with exit code 0. Absent before the first one.",
     "simulate load transform publish verify"},
    {"command_objects", Type::gauge, "objects", "command",
     "Objects of the lake that the last run loaded, or compared.", "load verify"},
    {"command_records", Type::gauge, "records", "command",
     "Records that the last run sent, loaded, or compared.", "simulate load verify"},
    {"command_warehouse_seconds_total", Type::counter, "seconds", "command",
     "How long a warehouse that is paid for may have worked: a load had a session, dbt built, or a round "
     "went on. It may have slept for a part of that. Only on Snowflake.",
     "load transform pipeline run"},
    {"disk_free_bytes", Type::gauge, "bytes", "command place",
     "What is free on the disk where the command writes: the warehouse, what is published, dbt's work "
     "folder.",
     "load transform pipeline publish run"},
    {"round_behind_seconds", Type::gauge, "seconds", "",
     "From the broker's time of the newest record that the marts count to the time at which they were "
     "published. Absent before the first publication.",
     "pipeline run"},
    {"round_duration_seconds", Type::histogram, "seconds", "result",
     "Rounds of load, build and publication by how they ended: done, failed, or waited where another process "
     "had the warehouse.",
     "pipeline run"},
    {"round_failures", Type::gauge, "rounds", "",
     "Rounds that failed one after another, up to the last one; 0 when that succeeded.", "pipeline run"},
    {"round_last_success_timestamp_seconds", Type::gauge, "seconds since 1970", "",
     "When the marts last had all that the lake had at the begin of the round. Absent before the first one.",
     "pipeline run"},
    {"round_records_total", Type::counter, "records", "", "Records that rounds brought into the marts.",
     "pipeline run"},
    {"serve_answers_total", Type::counter, "answers", "code",
     "Answers to requests that could be read, by their HTTP status; a stream counts when it begins.",
     "serve run"},
    {"simulate_acked_records_total", Type::counter, "records", "", "Records that the log took.",
     "simulate run"},
    {"simulate_failed_records_total", Type::counter, "records", "", "Records that could not be delivered.",
     "simulate run"},
    {"simulate_records_total", Type::counter, "records", "", "Records that were handed to the log.",
     "simulate run"},
    {"sink_assigned_partitions", Type::gauge, "partitions", "topic", "Partitions that this sink reads.",
     "sink run"},
    {"sink_batches_total", Type::counter, "batches", "topic cut",
     "Batches that were uploaded, by what cut them.", "sink run"},
    {"sink_buffered_bytes", Type::gauge, "bytes", "topic",
     "Lines in memory that are not in the lake yet, before compression.", "sink run"},
    {"sink_bytes_total", Type::counter, "bytes", "topic",
     "Bytes of the objects that this sink created, as they are stored.", "sink run"},
    {"sink_committed_offset", Type::gauge, "offset", "topic partition",
     "What this sink last committed to the consumer group: the next offset to read. Absent before it "
     "commits.",
     "sink run"},
    {"sink_durable_offset", Type::gauge, "offset", "topic partition",
     "Every record below this offset is in the lake.", "sink run"},
    {"sink_hour_markers_total", Type::counter, "markers", "topic",
     "Hours of a partition that got a marker, or had one already when this sink came to them.", "sink run"},
    {"sink_lag_records", Type::gauge, "records", "topic partition",
     "From the durable offset to the end of the partition as the last answer of its broker told it. "
     "Absent until a broker told it.",
     "sink run"},
    {"sink_last_commit_timestamp_seconds", Type::gauge, "seconds since 1970", "topic",
     "When this sink last saw a range become durable: it created the object, or found that of another "
     "writer. "
     "Absent before the first one.",
     "sink run"},
    {"sink_log_up", Type::gauge, "1 or 0", "topic", "Whether the log answers: 0 during an outage.",
     "sink run"},
    {"sink_missing_hour_markers", Type::gauge, "markers", "topic partition",
     "Hours that are over and that this sink does not know to be closed by a marker.", "sink run"},
    {"sink_objects_total", Type::counter, "objects", "topic result",
     "Objects by what became of the put: created; already_ours when the answer to an earlier put was lost; "
     "adopted when another writer was there first.",
     "sink run"},
    {"sink_oldest_upload_seconds", Type::gauge, "seconds", "topic",
     "How long the oldest upload has been under way; 0 when there is none. It grows while the store hangs.",
     "sink run"},
    {"sink_outages_total", Type::counter, "outages", "topic", "Times the log could not be reached.",
     "sink run"},
    {"sink_rebalances_total", Type::counter, "rebalances", "topic",
     "Times partitions were assigned to this sink, or taken from it.", "sink run"},
    {"sink_records_read_total", Type::counter, "records", "topic",
     "Records that were taken from the log. Some may be read again after a rebalance or an adoption.",
     "sink run"},
    {"sink_records_total", Type::counter, "records", "topic",
     "Records in the objects that this sink created, rejected ones included.", "sink run"},
    {"sink_rejected_records_total", Type::counter, "records", "topic code",
     "Of these, records that are rejected lines, by their code.", "sink run"},
    {"sink_upload_duration_seconds", Type::histogram, "seconds", "topic",
     "From the begin of an upload until its object is durable: compression, the put and its retries.",
     "sink run"},
    {"sink_uploads_in_flight", Type::gauge, "uploads", "topic", "Uploads under way, or waiting for a thread.",
     "sink run"},
    {"store_request_duration_seconds", Type::histogram, "seconds", "operation code",
     "Requests to the S3 server, each attempt by itself; the code is the HTTP status, `timeout` or `failed`.",
     "sink run"},
    {"store_retries_total", Type::counter, "attempts", "operation",
     "Attempts of requests to the S3 server that followed a failed one.", "sink run"},
});

/// Upper ends of every histogram's buckets, in seconds.
inline constexpr auto kBuckets =
    std::to_array<double>({0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60});

/// Index of the row, or how many there are when there is no such row.
constexpr std::size_t find_metric(std::string_view name) {
  const auto at = std::ranges::find(kMetrics, name, &Metric::name);
  return static_cast<std::size_t>(at - kMetrics.begin());
}

/// Whether a text of words separated by spaces has the word.
constexpr bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    if (one == word) return true;
    words.remove_prefix(std::min(words.size(), one.size() + 1));
  }
  return false;
}

/// Name of a metric, looked up when the code is compiled.
class MetricName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a metric is written as its name.
  consteval MetricName(const char* metric) : index_(find_metric(metric)) {
    if (index_ == kMetrics.size()) throw "the metric has no row in metrics/table.h";
  }
  constexpr std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

}  // namespace sdp::metrics
