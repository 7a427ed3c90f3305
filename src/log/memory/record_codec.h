#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "log/record.h"

namespace sdp::log {

/// A record's bytes on their way into a log: everything but its place.
struct RecordBytes {
  UtcMillis timestamp;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const HeaderView> headers;
  std::optional<LeaderEpoch> leader_epoch{};
};

/// Bytes that encode_record writes.
std::size_t encoded_size(const RecordBytes& record);
/// Writes encoded_size(record) bytes to `out`.
void encode_record(const RecordBytes& record, char* out);
/// Fills everything of `view` but its place from what encode_record wrote; returns the number of bytes read.
/// The views point into `in`.
std::size_t decode_record(const char* in, RecordView& view);
/// The size of the record or mark at `in`, without looking at it further.
std::size_t skip_record(const char* in);

/// A mark stands for an offset without a record: that of a control record, or of a record of an aborted
/// transaction.
std::size_t mark_size();
/// Writes mark_size() bytes to `out`.
void encode_mark(char* out);
bool is_mark(const char* in);
/// Makes the record at `at` a mark of the same size.
void turn_into_mark(char* at);

/// An offset of a batch that cannot be read, which is `before` offsets behind the batch's first one and
/// `left` offsets before its end. As large as a mark.
struct UnreadableMark {
  std::int32_t before = 0;
  std::int32_t left = 0;
  BatchFault fault = BatchFault::undecodable;
};
void encode_unreadable(const UnreadableMark& mark, char* out);
/// Nothing where something else stands.
std::optional<UnreadableMark> decode_unreadable(const char* in);

}  // namespace sdp::log
