#include "log/kafka/record.h"

namespace sdp::log::kafka {
namespace {

std::optional<std::string_view> bytes_of(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(bytes), size);
}

void view_headers(const rd_kafka_message_t& message, std::vector<HeaderView>& out) {
  out.clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    out.push_back({name, bytes_of(value, size)});
  }
}

}  // namespace

void view_of(const rd_kafka_message_t& message, RecordView& view) {
  view.partition = message.partition;
  view.offset = message.offset;
  view.timestamp = UtcMillis(std::chrono::milliseconds(rd_kafka_message_timestamp(&message, nullptr)));
  view.key = bytes_of(message.key, message.key_len);
  view.value = bytes_of(message.payload, message.len);
  view_headers(message, view.headers);
  const LeaderEpoch epoch = rd_kafka_message_leader_epoch(&message);
  view.leader_epoch = epoch < 0 ? std::nullopt : std::optional(epoch);
}

}  // namespace sdp::log::kafka
