#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "log/event_log.h"

namespace sdp::log {

/// Writes down what a consumer hands over. Starts where `starts` says, else at 0.
class Recorder final : public ConsumerHandler {
 public:
  struct Record {
    Offset offset = 0;
    UtcMillis timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  };
  using Records = std::map<Partition, std::vector<Record>>;

  Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition> partitions) override;
  void on_revoked(std::span<const Partition> partitions, bool lost) override;
  Result<void> on_record(const RecordView& record) override;
  void on_end(Partition partition, Offset end) override { ends[partition].push_back(end); }
  Result<void> on_unreadable(Partition partition, Offset at) override {
    unreadable.push_back({partition, at});
    return {};
  }

  std::size_t count() const { return count_; }
  std::vector<Offset> offsets(Partition partition) const;

  std::map<Partition, Offset> starts;
  std::optional<Error> refuse_assignment;
  /// Called after a record was written down.
  std::function<void(const RecordView&)> then;

  Records records;
  std::map<Partition, std::vector<Offset>> ends;  ///< that were come to
  std::vector<PartitionOffset> unreadable;        ///< batches that were come to
  std::vector<Partition> owned;
  bool saw_foreign_record = false;  ///< of a partition that was not assigned

 private:
  std::size_t count_ = 0;
};

}  // namespace sdp::log
