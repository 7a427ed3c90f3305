#include "cli/status_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "lake_reader/chain_walk.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lag.h"
#include "lake_reader/lake_reader.h"
#include "os/files.h"
#include "publish/published_folder.h"
#include "snapshot/proof.h"
#include "snapshot/snapshot_json.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

/// A publication may be replaced while it is read; the one before it stays.
constexpr int kReadsMax = 3;

/// Offsets before the end of a partition in which its last record is looked for: behind it, a transaction
/// leaves a marker.
constexpr log::Offset kNewestWithin[] = {1, 100};

/// Nothing where the last offsets hold no record.
Result<std::optional<UtcMillis>> newest_time(log::Reader& reader, log::Partition partition,
                                             const log::Watermarks& available,
                                             std::chrono::milliseconds timeout) {
  std::optional<UtcMillis> newest;
  for (const log::Offset within : kNewestWithin) {
    const log::Offset from = std::max(available.start, available.end - within);
    SDP_RETURN_IF_ERROR(reader.read(
        partition, from, available.end, timeout,
        [&](const log::RecordView& record) -> Result<void> {
          newest = record.timestamp;
          return {};
        },
        [](const log::UnreadableBatch&) -> Result<void> { return {}; }));
    if (newest || from == available.start) break;
  }
  return newest;
}

/// One partition of the log and its chain in the lake.
class PartitionLooker {
 public:
  PartitionLooker(const StatusSources& sources, log::Reader& reader, const lake_reader::LakeReader& lake,
                  const log::TopicId& topic_id, lake::Compression compression)
      : timeout_(sources.timeout),
        log_(sources.log),
        reader_(reader),
        lake_(lake),
        topic_id_(topic_id),
        compression_(compression) {}

  Result<PartitionStatus> look(log::Partition partition, lake_reader::ChainPoint point) const {
    PartitionStatus status;
    status.partition = partition;
    SDP_TRY(status.available, log_.watermarks(partition));
    const lake::ChainId chain{topic_id_, partition};
    SDP_TRY(const auto end, lake_reader::walk_to_end(reader_, lake_, chain, compression_, std::move(point),
                                                     status.available, timeout_));
    status.lake_end = end.end;
    if (end.object) status.lake_newest = end.object->last_timestamp;
    SDP_TRY(const auto waiting,
            lake_reader::waiting_behind(reader_, lake_, chain, end.end, status.available, timeout_));
    status.lag = waiting.offsets;
    status.deleted = waiting.deleted;
    status.waiting_since = waiting.oldest;
    // What is in the lake to the end needs no look into the log.
    status.log_newest = status.lake_newest;
    if (status.lag > 0) {
      SDP_TRY(status.log_newest, newest_time(reader_, partition, status.available, timeout_));
    }
    return status;
  }

 private:
  const std::chrono::milliseconds timeout_;
  log::EventLog& log_;
  log::Reader& reader_;
  const lake_reader::LakeReader& lake_;
  const log::TopicId topic_id_;
  const lake::Compression compression_;
};

Result<PublishedStatus> read_publication(const fs::path& folder) {
  SDP_TRY(const auto text, os::read_file(folder / snapshot::kSnapshotFile));
  if (!text)
    return fail(ErrorKind::bad_input,
                fmt::format("{} is missing", (folder / snapshot::kSnapshotFile).string()));
  PublishedStatus published{.path = folder.string(), .summary = {}, .proof = {}};
  auto summary = snapshot::parse_summary(*text);
  if (!summary) return std::unexpected(summary.error().in((folder / snapshot::kSnapshotFile).string()));
  published.summary = *std::move(summary);
  SDP_TRY(const auto proof, os::read_file(folder / snapshot::kProofFile));
  if (!proof) return published;
  auto parsed = snapshot::parse_proof(*proof);
  if (!parsed) return std::unexpected(parsed.error().in((folder / snapshot::kProofFile).string()));
  published.proof = *std::move(parsed);
  return published;
}

/// What lies behind the lake is read from files that are there for readers: no warehouse is opened.
void read_published(const fs::path& root, Status& status) {
  status.published_to = root.string();
  if (root.empty()) return;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    const auto folder = publish::current_publication(root);
    if (!folder) return;
    auto published = read_publication(*folder);
    if (published) {
      status.published = *std::move(published);
      status.published_problem.clear();
      return;
    }
    status.published_problem = published.error().message;
  }
}

}  // namespace

SinkPace pace_of(const sink::SinkOptions& sink) {
  return {.cut_within = std::max(sink.limits.linger, sink.limits.idle), .hour_grace = sink.hour_grace};
}

Result<StatusReader> StatusReader::open(StatusSources sources, Clock& clock) {
  SDP_TRY(auto reader, sources.log.open_reader());
  return StatusReader(std::move(sources), std::move(reader), clock);
}

Result<void> StatusReader::read_chains(Status& status) {
  SDP_TRY(const log::TopicInfo topic, sources_.log.describe());
  status.topic_id = topic.id;
  status.append_times = topic.timestamp_type == log::TimestampType::log_append_time;
  std::vector<log::Partition> partitions;
  for (log::Partition partition = 0; partition < topic.partitions; ++partition)
    partitions.push_back(partition);
  store::ObjectStore& store = sources_.store;
  SDP_TRY(const auto found, lake_reader::find_layout(store));
  SDP_TRY(const auto layout, lake_reader::read_layout(store, found));
  SDP_TRY(auto overrides, lake_reader::read_overrides(store, found.places));
  const lake_reader::LakeReader lake(store, found.places, std::move(overrides));
  SDP_TRY(auto points, lake.chain_points(topic.id, partitions));
  SDP_TRY(const auto committed, sources_.log.committed(sources_.group));
  const PartitionLooker looker(sources_, *reader_, lake, topic.id,
                               layout ? layout->compression : lake::Compression::none);
  for (const log::Partition partition : partitions) {
    SDP_TRY(auto one, looker.look(partition, std::move(points.at(partition))));
    one.committed = committed.at(static_cast<std::size_t>(partition));
    status.partitions.push_back(one);
  }
  if (hours_of_ != topic.id) hours_.clear();
  SDP_TRY(hours_, lake.newest_hours(topic.id, sources_.hours, hours_));
  hours_of_ = topic.id;
  status.hours = hours_;
  return {};
}

Result<Status> StatusReader::look() {
  Status status;
  status.topic = sources_.log.topic_name();
  status.group = sources_.group;
  status.lake = sources_.store.describe();
  status.pace = sources_.pace;
  status.flags = sources_.flags;
  SDP_RETURN_IF_ERROR(read_chains(status));
  // After the reading, so that nothing is newer.
  status.at = clock_.utc_now();
  read_published(sources_.published, status);
  if (wants_sinks(status)) {
    // Without an answer the rest is as good.
    if (const auto members = sources_.log.members(sources_.group)) status.sinks = *members;
  }
  return status;
}

}  // namespace sdp::cli
