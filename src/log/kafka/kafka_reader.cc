#include "log/kafka/kafka_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "diag/waiting.h"
#include "log/kafka/batch.h"
#include "log/kafka/batch_end_search.h"
#include "log/kafka/error.h"
#include "log/kafka/record.h"

namespace sdp::log::kafka {

Result<std::unique_ptr<Reader>> KafkaReader::open(const KafkaSettings& settings, const std::string& topic,
                                                  std::shared_ptr<Admin> admin) {
  std::unique_ptr<KafkaReader> reader(new KafkaReader(settings, std::move(admin)));
  SDP_TRY(reader->client_, open_client(Role::reader, settings, *reader));
  reader->topic_.reset(rd_kafka_topic_new(reader->client_.get(), topic.c_str(), nullptr));
  if (!reader->topic_)
    return std::unexpected(make_error(settings, "cannot read topic " + topic, rd_kafka_last_error()));
  return reader;
}

Result<void> KafkaReader::read(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                               const Visit& visit, const VisitUnreadable& unreadable) {
  Range range{partition, from, to};
  return read_range(range, timeout, visit, unreadable);
}

Result<std::optional<RecordStamp>> KafkaReader::first_record(Partition partition, Offset from, Offset to,
                                                             std::chrono::milliseconds timeout) {
  Range range{partition, from, to};
  std::optional<RecordStamp> first;
  SDP_RETURN_IF_ERROR(read_to_fault(range, timeout, [&](const RecordView& record) -> Result<void> {
    first = RecordStamp{record.offset, record.timestamp};
    range.to = range.next;  // enough
    return {};
  }));
  if (range.fault) first = RecordStamp{range.next, kTimeOfUnreadable};
  return first;
}

Result<void> KafkaReader::read_range(Range& range, std::chrono::milliseconds timeout, const Visit& visit,
                                     const VisitUnreadable& unreadable) {
  while (range.next < range.to) {
    if (!range.fault) SDP_RETURN_IF_ERROR(read_to_fault(range, timeout, visit));
    if (!range.fault) return {};
    SDP_TRY(const UnreadableBatch batch, pass_unreadable(range, timeout));
    SDP_RETURN_IF_ERROR(unreadable(batch));
  }
  return {};
}

/// Reads up to the end of the range, or to a batch that cannot be read.
Result<void> KafkaReader::read_to_fault(Range& range, std::chrono::milliseconds timeout, const Visit& visit) {
  if (range.next >= range.to) return {};
  if (rd_kafka_consume_start(topic_.get(), range.partition, range.next) != 0) {
    return std::unexpected(error(range, rd_kafka_last_error(), last_reason()));
  }
  auto result = read_batches(range, timeout, visit);
  rd_kafka_consume_stop(topic_.get(), range.partition);
  return result;
}

Result<void> KafkaReader::read_batches(Range& range, std::chrono::milliseconds timeout, const Visit& visit) {
  MessageBatch batch;
  diag::Waiting waiting(fmt::format("Kafka at {}", settings_.bootstrap_servers), timeout);
  auto deadline = base::system_clock().steady_now() + timeout;
  while (range.next < range.to) {
    const Offset before = range.next;
    for (const rd_kafka_message_t* message :
         batch.fetch(MessageBatch::kMessagesMax, 50, [&](auto** out, std::size_t max, int timeout_ms) {
           return rd_kafka_consume_batch(topic_.get(), range.partition, timeout_ms, out, max);
         })) {
      SDP_RETURN_IF_ERROR(take(*message, range, visit));
      if (range.fault || range.next >= range.to) return {};
    }
    rd_kafka_poll(client_.get(), 0);
    const auto now = base::system_clock().steady_now();
    if (range.next > before) {
      deadline = now + timeout;
      waiting.answered(now);
    } else {
      waiting.note(last_reason());
    }
    if (now > deadline) {
      return std::unexpected(error(range, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   fmt::format("no record for {} ms; {}", timeout.count(), last_reason())));
    }
  }
  return {};
}

Result<void> KafkaReader::take(const rd_kafka_message_t& message, Range& range, const Visit& visit) {
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      // What lies before it is a marker, not a record: the range may end in one.
      range.next = message.offset + 1;
      if (message.offset >= range.to) return {};
      view_of(message, record_);
      return visit(record_);
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      range.next = std::max(range.next, message.offset);
      return {};
    default: {
      if (kind_of(message.err) == ErrorKind::retry) return {};
      const auto fault = fault_of(message.err);
      if (!fault || message.offset < 0)
        return std::unexpected(error(range, message.err, rd_kafka_message_errstr(&message)));
      range.next = std::max(range.next, message.offset);
      if (range.next < range.to) range.fault = Fault{message.offset, *fault};
      return {};
    }
  }
}

/// The batch that the range has come to, from there on. The range goes on behind it, which may be at another
/// one.
Result<UnreadableBatch> KafkaReader::pass_unreadable(Range& range, std::chrono::milliseconds timeout) {
  SDP_TRY(const Watermarks marks, admin_->watermarks(range.partition));
  BatchEndSearch search(range.next, marks.end);
  std::optional<Fault> behind;  // what was found at the lowest offset behind the batch
  while (const auto at = search.next()) {
    Range rest{range.partition, *at, marks.end};
    bool is_behind = false;
    SDP_RETURN_IF_ERROR(read_to_fault(rest, timeout, [&](const RecordView&) -> Result<void> {
      is_behind = true;
      rest.to = rest.next;  // enough
      return {};
    }));
    const bool is_inside = !is_behind && rest.fault && rest.fault->base == range.fault->base;
    search.note(is_inside);
    if (!is_inside) behind = !is_behind && rest.fault && rest.fault->base == *at ? rest.fault : std::nullopt;
  }
  const UnreadableBatch batch{range.partition, range.next, search.end(), range.fault->what};
  range.next = batch.end;
  range.fault = behind;
  return batch;
}

Error KafkaReader::error(const Range& range, rd_kafka_resp_err_t code, const std::string& detail) {
  return make_final_error(settings_,
                          fmt::format("cannot read {}/{} at offset {}", rd_kafka_topic_name(topic_.get()),
                                      range.partition, range.next),
                          code, detail);
}

}  // namespace sdp::log::kafka
