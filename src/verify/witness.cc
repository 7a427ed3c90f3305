#include "verify/witness.h"

#include <fmt/format.h>

#include <algorithm>

namespace sdp::verify {
namespace {

/// The first partition whose end the witness has not seen.
std::optional<log::PartitionOffset> behind(const WitnessWriter& writer, std::span<const log::Offset> ends) {
  for (std::size_t p = 0; p < ends.size(); ++p) {
    const auto partition = static_cast<log::Partition>(p);
    if (writer.next(partition) < ends[p]) return log::PartitionOffset{partition, writer.next(partition)};
  }
  return std::nullopt;
}

Result<std::vector<log::Offset>> log_ends(log::EventLog& log, log::Partition partitions) {
  std::vector<log::Offset> ends;
  for (log::Partition p = 0; p < partitions; ++p) {
    SDP_TRY(const log::Watermarks marks, log.watermarks(p));
    // An empty log has nothing to be seen.
    ends.push_back(marks.end == marks.start ? 0 : marks.end);
  }
  return ends;
}

Result<void> poll_once(log::Consumer& consumer, WitnessWriter& writer, const WitnessOptions& options) {
  const auto polled = consumer.poll(writer, options.records_max, options.poll_timeout);
  if (!polled && polled.error().kind != ErrorKind::retry)
    return std::unexpected(polled.error().in("witness"));
  if (polled && *polled == 0) return writer.flush();
  return {};
}

}  // namespace

Result<WitnessFile*> WitnessWriter::file_of(log::Partition partition) {
  auto& file = files_[partition];
  if (!file) {
    const lake::ChainId chain{topic_.id, partition};
    SDP_TRY(const log::Watermarks marks, log_.watermarks(partition));
    SDP_TRY(file, WitnessFile::open(witness_path(root_, chain), {topic_.name, chain, marks.start}));
  }
  return file.get();
}

Result<std::vector<log::PartitionOffset>> WitnessWriter::on_assigned(
    std::span<const log::Partition> partitions) {
  std::vector<log::PartitionOffset> starts;
  for (const log::Partition partition : partitions) {
    SDP_TRY(const WitnessFile* file, file_of(partition));
    starts.push_back({partition, file->next()});
  }
  return starts;
}

void WitnessWriter::on_revoked(std::span<const log::Partition>, bool) {
  // Files stay open: what they hold is true whoever reads on, and a later assignment continues them.
}

Result<void> WitnessWriter::on_record(const log::RecordView& record) {
  SDP_TRY(WitnessFile * file, file_of(record.partition));
  if (record.offset < file->next()) return {};
  ++records_;
  return file->append(
      {record.offset, record.timestamp.time_since_epoch().count(), fingerprinter_.of(record)});
}

void WitnessWriter::on_end(log::Partition partition, log::Offset end) {
  ends_[partition] = end;
}

Result<void> WitnessWriter::flush() {
  for (const auto& [partition, file] : files_) SDP_RETURN_IF_ERROR(file->flush());
  return {};
}

Result<void> WitnessWriter::finish() {
  for (const auto& [partition, file] : files_) SDP_RETURN_IF_ERROR(file->finish());
  return {};
}

log::Offset WitnessWriter::next(log::Partition partition) const {
  const auto file = files_.find(partition);
  if (file == files_.end()) return 0;
  const auto end = ends_.find(partition);
  return end == ends_.end() ? file->second->next() : std::max(file->second->next(), end->second);
}

Result<std::uint64_t> run_witness(log::EventLog& log, const std::filesystem::path& root,
                                  const WitnessOptions& options, Clock& clock, std::stop_token stop,
                                  std::stop_token abandon) {
  SDP_TRY(log::TopicInfo topic, log.describe());
  const log::Partition partitions = topic.partitions;
  WitnessWriter writer(log, std::move(topic), root);
  SDP_TRY(const auto consumer, log.open_consumer({.group = options.group}));
  while (!stop.stop_requested() && !abandon.stop_requested()) {
    SDP_RETURN_IF_ERROR(poll_once(*consumer, writer, options));
  }
  if (abandon.stop_requested()) {
    SDP_RETURN_IF_ERROR(writer.flush());
    return writer.records();
  }

  SDP_TRY(const auto ends, log_ends(log, partitions));
  const auto deadline = clock.steady_now() + options.drain_timeout;
  for (;;) {
    const auto late = behind(writer, ends);
    if (!late) break;
    if (clock.steady_now() > deadline) {
      return fail(
          ErrorKind::unavailable,
          fmt::format("witness of {} p{} has only come to offset {} of {} in time", root.string(),
                      late->partition, late->offset, ends[static_cast<std::size_t>(late->partition)]));
    }
    SDP_RETURN_IF_ERROR(poll_once(*consumer, writer, options));
  }
  SDP_RETURN_IF_ERROR(consumer->close(writer));
  SDP_RETURN_IF_ERROR(writer.finish());
  return writer.records();
}

}  // namespace sdp::verify
