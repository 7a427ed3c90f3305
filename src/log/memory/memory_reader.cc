#include "log/memory/memory_reader.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace sdp::log {

Result<void> MemoryReader::read(Partition partition, Offset from, Offset to,
                                std::chrono::milliseconds timeout, const Visit& visit,
                                const VisitUnreadable& unreadable) {
  SDP_RETURN_IF_ERROR(topic_->check_partition(partition));
  PartitionCursor cursor(topic_->partition(partition), from);
  RecordView record;
  while (cursor.offset() < to) {
    SDP_TRY(std::size_t records, wait_for_records(cursor, timeout));
    for (; records > 0 && cursor.offset() < to; --records) {
      if (const auto batch = cursor.unreadable()) {
        cursor.seek(batch->end);
        SDP_RETURN_IF_ERROR(unreadable(*batch));
        break;
      }
      if (cursor.next(record)) SDP_RETURN_IF_ERROR(visit(record));
    }
  }
  return {};
}

Result<std::optional<RecordStamp>> MemoryReader::first_record(Partition partition, Offset from, Offset to,
                                                              std::chrono::milliseconds timeout) {
  SDP_RETURN_IF_ERROR(topic_->check_partition(partition));
  PartitionCursor cursor(topic_->partition(partition), from);
  RecordView record;
  while (cursor.offset() < to) {
    SDP_TRY(std::size_t offsets, wait_for_records(cursor, timeout));
    for (; offsets > 0 && cursor.offset() < to; --offsets) {
      if (const auto batch = cursor.unreadable())
        return std::optional(RecordStamp{batch->first, kTimeOfUnreadable});
      if (cursor.next(record)) return std::optional(RecordStamp{record.offset, record.timestamp});
    }
  }
  return std::optional<RecordStamp>();
}

Result<std::size_t> MemoryReader::wait_for_records(PartitionCursor& cursor,
                                                   std::chrono::milliseconds timeout) {
  SDP_TRY(const std::size_t records, cursor.fetch());
  if (records > 0) return records;
  const PartitionLog& log = cursor.log();
  const auto deadline = base::system_clock().steady_now() + timeout;
  if (topic_->wait_for_change(deadline,
                              [&] { return topic_->retired() || log.watermarks().end > cursor.offset(); })) {
    if (topic_->retired()) return std::unexpected(topic_->retired_error());
    return cursor.fetch();
  }
  return fail(ErrorKind::unavailable,
              fmt::format("{}/{}: no record at offset {} within {} ms", topic_->info().name, log.partition(),
                          cursor.offset(), timeout.count()));
}

}  // namespace sdp::log
