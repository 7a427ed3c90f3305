#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "log/event_log.h"
#include "log/kafka/admin.h"
#include "log/kafka/client.h"

namespace sdp::log::kafka {

/// Reads without a group, one partition at a time. Owned by one thread.
///
/// A batch that cannot be read comes as an error at its first offset, and does not say where it ends. That is
/// looked for by reading at later offsets (BatchEndSearch), since each of its own leads to the same error.
class KafkaReader final : public Reader, private ClientEvents {
 public:
  static Result<std::unique_ptr<Reader>> open(const KafkaSettings& settings, const std::string& topic,
                                              std::shared_ptr<Admin> admin);

  Result<void> read(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                    const Visit& visit, const VisitUnreadable& unreadable) override;
  Result<std::optional<RecordStamp>> first_record(Partition partition, Offset from, Offset to,
                                                  std::chrono::milliseconds timeout) override;

 private:
  /// Where a batch begins that cannot be read.
  struct Fault {
    Offset base = 0;
    BatchFault what = BatchFault::undecodable;
  };
  /// The part [next, to) of a range that is still to be read.
  struct Range {
    Partition partition = 0;
    Offset next = 0;
    Offset to = 0;
    std::optional<Fault> fault{};  ///< reading has come to such a batch
  };

  KafkaReader(const KafkaSettings& settings, std::shared_ptr<Admin> admin)
      : settings_(settings), admin_(std::move(admin)) {}
  Result<void> read_range(Range& range, std::chrono::milliseconds timeout, const Visit& visit,
                          const VisitUnreadable& unreadable);
  Result<void> read_to_fault(Range& range, std::chrono::milliseconds timeout, const Visit& visit);
  Result<void> read_batches(Range& range, std::chrono::milliseconds timeout, const Visit& visit);
  Result<void> take(const rd_kafka_message_t& message, Range& range, const Visit& visit);
  Result<UnreadableBatch> pass_unreadable(Range& range, std::chrono::milliseconds timeout);
  Error error(const Range& range, rd_kafka_resp_err_t code, const std::string& detail);

  const KafkaSettings settings_;
  const std::shared_ptr<Admin> admin_;
  ClientHandle client_;
  TopicHandle topic_;
  RecordView record_;
};

}  // namespace sdp::log::kafka
