#include "contract/recorder.h"

#include <algorithm>

namespace sdp::log {
namespace {

std::optional<std::string> owned(std::optional<std::string_view> bytes) {
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

}  // namespace

Result<std::vector<PartitionOffset>> Recorder::on_assigned(std::span<const Partition> partitions) {
  if (refuse_assignment) return std::unexpected(*std::exchange(refuse_assignment, std::nullopt));
  std::vector<PartitionOffset> positions;
  for (const Partition partition : partitions) {
    owned.push_back(partition);
    positions.push_back({partition, starts[partition]});
  }
  return positions;
}

void Recorder::on_revoked(std::span<const Partition> partitions, bool) {
  for (const Partition partition : partitions) std::erase(owned, partition);
}

Result<void> Recorder::on_record(const RecordView& view) {
  saw_foreign_record |= std::ranges::find(owned, view.partition) == owned.end();
  Record record{view.offset, view.timestamp, log::owned(view.key), log::owned(view.value), {}};
  for (const HeaderView& header : view.headers)
    record.headers.emplace_back(header.name, log::owned(header.value));
  records[view.partition].push_back(std::move(record));
  ++count_;
  if (then) then(view);
  return {};
}

std::vector<Offset> Recorder::offsets(Partition partition) const {
  std::vector<Offset> found;
  if (const auto of_partition = records.find(partition); of_partition != records.end()) {
    for (const Record& record : of_partition->second) found.push_back(record.offset);
  }
  return found;
}

}  // namespace sdp::log
