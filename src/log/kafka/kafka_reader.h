#pragma once

#include <memory>
#include <string>

#include "log/event_log.h"
#include "log/kafka/client.h"

namespace sdp::log::kafka {

/// Reads without a group, one partition at a time. Owned by one thread.
class KafkaReader final : public Reader, private ClientEvents {
 public:
  static Result<std::unique_ptr<Reader>> open(const KafkaSettings& settings, const std::string& topic);

  Result<void> read(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                    const std::function<Result<void>(const RecordView&)>& visit) override;
  Result<std::optional<RecordStamp>> first_record(Partition partition, Offset from, Offset to,
                                                  std::chrono::milliseconds timeout) override;

 private:
  /// The part [next, to) of a range that is still to be read.
  struct Range {
    Partition partition = 0;
    Offset next = 0;
    Offset to = 0;
  };

  explicit KafkaReader(const KafkaSettings& settings) : settings_(settings) {}
  Result<void> read_range(Range& range, std::chrono::milliseconds timeout,
                          const std::function<Result<void>(const RecordView&)>& visit);
  Result<void> read_batches(Range& range, std::chrono::milliseconds timeout,
                            const std::function<Result<void>(const RecordView&)>& visit);
  Result<void> take(const rd_kafka_message_t& message, Range& range,
                    const std::function<Result<void>(const RecordView&)>& visit);
  Error error(const Range& range, rd_kafka_resp_err_t code, const std::string& detail);

  const KafkaSettings settings_;
  ClientHandle client_;
  TopicHandle topic_;
  RecordView record_;
};

}  // namespace sdp::log::kafka
