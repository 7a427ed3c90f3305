#include "log/kafka/record.h"

#include "log/kafka/headers.h"

namespace sdp::log::kafka {
namespace {

std::optional<std::string_view> bytes_of(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(bytes), size);
}

#ifdef RD_KAFKA_HAS_ENCODED_HEADERS

void view_headers(const rd_kafka_message_t& message, RecordView& view) {
  const void* bytes = nullptr;
  std::size_t size = 0;
  rd_kafka_message_encoded_headers(&message, &bytes, &size);
  view.headers_encoded = bytes_of(bytes, size).value_or(std::string_view());
  decode_headers(*view.headers_encoded, view.headers);
}

#else

// The system's library gives names as C strings, which end at their first U+0000.
void view_headers(const rd_kafka_message_t& message, RecordView& view) {
  view.headers.clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    view.headers.push_back({name, bytes_of(value, size)});
  }
}

#endif

}  // namespace

void view_of(const rd_kafka_message_t& message, RecordView& view) {
  view.partition = message.partition;
  view.offset = message.offset;
  view.timestamp = UtcMillis(std::chrono::milliseconds(rd_kafka_message_timestamp(&message, nullptr)));
  view.key = bytes_of(message.key, message.key_len);
  view.value = bytes_of(message.payload, message.len);
  const LeaderEpoch epoch = rd_kafka_message_leader_epoch(&message);
  view.leader_epoch = epoch < 0 ? std::nullopt : std::optional(epoch);
  view_headers(message, view);
}

}  // namespace sdp::log::kafka
