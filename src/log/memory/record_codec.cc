#include "log/memory/record_codec.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace sdp::log {
namespace {

constexpr std::int32_t kAbsent = -1;
constexpr LeaderEpoch kNoEpoch = -1;
/// In place of a key's size: there is no record.
constexpr std::int32_t kMark = -2;
/// The same, of a batch that cannot be read.
constexpr std::int32_t kUnreadable = -3;

// Lives in memory only: no layout to keep, no byte order to mind.
struct Head {
  std::int64_t timestamp_ms;
  std::int32_t key_size;
  std::int32_t value_size;
  std::int32_t headers_size;
  std::int32_t leader_epoch;
};

struct HeaderHead {
  std::int32_t name_size;
  std::int32_t value_size;
};

using OptionalBytes = std::optional<std::string_view>;

std::int32_t size_field(const OptionalBytes& bytes) {
  return bytes ? static_cast<std::int32_t>(bytes->size()) : kAbsent;
}

std::size_t byte_count(std::int32_t size) {
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

std::size_t headers_size(std::span<const HeaderView> headers) {
  std::size_t size = 0;
  for (const HeaderView& header : headers) {
    size += sizeof(HeaderHead) + header.name.size() + byte_count(size_field(header.value));
  }
  return size;
}

template <typename T>
char* put(char* out, const T& head) {
  std::memcpy(out, &head, sizeof head);
  return out + sizeof head;
}

char* put_bytes(char* out, const OptionalBytes& bytes) {
  if (!bytes || bytes->empty()) return out;
  std::memcpy(out, bytes->data(), bytes->size());
  return out + bytes->size();
}

template <typename T>
T take(const char*& in) {
  T head{};
  std::memcpy(&head, in, sizeof head);
  in += sizeof head;
  return head;
}

OptionalBytes take_bytes(const char*& in, std::int32_t size) {
  if (size == kAbsent) return std::nullopt;
  const std::string_view bytes(in, byte_count(size));
  in += bytes.size();
  return bytes;
}

}  // namespace

std::size_t encoded_size(const RecordBytes& record) {
  return sizeof(Head) + byte_count(size_field(record.key)) + byte_count(size_field(record.value)) +
         headers_size(record.headers);
}

void encode_record(const RecordBytes& record, char* out) {
  out = put(out, Head{record.timestamp.time_since_epoch().count(), size_field(record.key),
                      size_field(record.value), static_cast<std::int32_t>(headers_size(record.headers)),
                      record.leader_epoch.value_or(kNoEpoch)});
  out = put_bytes(out, record.key);
  out = put_bytes(out, record.value);
  for (const HeaderView& header : record.headers) {
    out = put(out, HeaderHead{static_cast<std::int32_t>(header.name.size()), size_field(header.value)});
    out = put_bytes(out, header.name);
    out = put_bytes(out, header.value);
  }
}

std::size_t decode_record(const char* in, RecordView& view) {
  const char* const begin = in;
  const auto head = take<Head>(in);
  view.timestamp = UtcMillis(std::chrono::milliseconds(head.timestamp_ms));
  view.leader_epoch = head.leader_epoch == kNoEpoch ? std::nullopt : std::optional(head.leader_epoch);
  view.key = take_bytes(in, head.key_size);
  view.value = take_bytes(in, head.value_size);
  view.headers.clear();
  for (const char* const end = in + head.headers_size; in < end;) {
    const auto header = take<HeaderHead>(in);
    const std::string_view name = *take_bytes(in, header.name_size);
    view.headers.push_back({name, take_bytes(in, header.value_size)});
  }
  return static_cast<std::size_t>(in - begin);
}

std::size_t skip_record(const char* in) {
  Head head{};
  std::memcpy(&head, in, sizeof head);
  return sizeof head + byte_count(head.key_size) + byte_count(head.value_size) +
         static_cast<std::size_t>(head.headers_size);
}

std::size_t mark_size() {
  return sizeof(Head);
}

void encode_mark(char* out) {
  put(out, Head{0, kMark, kAbsent, 0, kNoEpoch});
}

void turn_into_mark(char* at) {
  Head head{};
  std::memcpy(&head, at, sizeof head);
  // What the key took is counted as the value's, which nobody reads.
  head.value_size = static_cast<std::int32_t>(byte_count(head.key_size) + byte_count(head.value_size));
  head.key_size = kMark;
  put(at, head);
}

bool is_mark(const char* in) {
  Head head{};
  std::memcpy(&head, in, sizeof head);
  return head.key_size == kMark;
}

void encode_unreadable(const UnreadableMark& mark, char* out) {
  // Its numbers stand where a record has its time, since sizes are read to step over it.
  const std::int64_t place = (std::int64_t{mark.before} << 32) | mark.left;
  put(out, Head{place, kUnreadable, kAbsent - std::to_underlying(mark.fault), 0, kNoEpoch});
}

std::optional<UnreadableMark> decode_unreadable(const char* in) {
  Head head{};
  std::memcpy(&head, in, sizeof head);
  if (head.key_size != kUnreadable) return std::nullopt;
  return UnreadableMark{static_cast<std::int32_t>(head.timestamp_ms >> 32),
                        static_cast<std::int32_t>(head.timestamp_ms & 0x7FFF'FFFF),
                        static_cast<BatchFault>(kAbsent - head.value_size)};
}

}  // namespace sdp::log
