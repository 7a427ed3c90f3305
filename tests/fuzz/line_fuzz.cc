// Lines: what is read can be written again to the same bytes, and a record that was written is read back.

#include <algorithm>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "fuzz/pieces.h"
#include "lake/line.h"

namespace sdp::lake {
namespace {

log::RecordView record_of(const Line& line, std::string_view value) {
  log::RecordView record{line.partition, line.offset, line.timestamp, line.key, value, {}};
  for (const LineHeader& header : line.headers) record.headers.push_back({header.name, header.value});
  return record;
}

std::string value_of(const Line& line) {
  std::string value;
  if (line.schema_id) {
    value.push_back('\0');
    for (int shift = 24; shift >= 0; shift -= 8) value.push_back(static_cast<char>(*line.schema_id >> shift));
  }
  return value.append(*line.payload);
}

std::string written(const log::RecordView& record) {
  static LineEncoder encoder;
  std::string out;
  encoder.append(out, record);
  SDP_ASSERT(out.ends_with('\n') && out.find('\n') == out.size() - 1);
  out.pop_back();
  return out;
}

void read_any_bytes(std::string_view text) {
  LineDecoder decoder;
  const auto line = decoder.decode(text);
  if (!line) {
    SDP_ASSERT(line.error().kind == ErrorKind::bad_input);
    return;
  }
  const std::string own = written(record_of(*line, "[]"));
  SDP_ASSERT(text.starts_with(own.substr(0, own.find(R"(,"_error")"))));
  if (line->reject) return;
  // Members are handed on unread, so only a valid object is the same line again.
  const std::string again = written(record_of(*line, value_of(*line)));
  LineDecoder second;
  const auto same = second.decode(again);
  SDP_ASSERT(same.has_value());
  SDP_ASSERT(same->reject || same->schema_id == line->schema_id);
  if (!same->reject) SDP_ASSERT(written(record_of(*same, value_of(*same))) == again);
}

std::string one_line(std::string_view value) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = value.find_first_not_of(kSpace);
  std::string line(value.substr(first, value.find_last_not_of(kSpace) - first + 1));
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  return line.find_first_not_of(" \t", 1) == line.size() - 1 ? "{}" : line;
}

void write_any_record(fuzz::Pieces pieces) {
  log::RecordView record;
  record.partition = pieces.natural<std::int32_t>();
  // The last offset there can be has no end behind it.
  record.offset = std::min(pieces.natural<std::int64_t>(), std::numeric_limits<std::int64_t>::max() - 1);
  record.timestamp = UtcMillis(std::chrono::milliseconds(pieces.number<std::int64_t>()));
  record.key = pieces.maybe_bytes();
  for (int headers = pieces.number<std::uint8_t>() % 4; headers > 0; --headers) {
    const std::string_view name = pieces.bytes();
    record.headers.push_back({name, pieces.maybe_bytes()});
  }
  const bool is_tombstone = pieces.done();
  if (!is_tombstone) record.value = pieces.rest();

  const std::string text = written(record);
  LineDecoder decoder;
  const auto line = decoder.decode(text);
  SDP_ASSERT(line.has_value());
  SDP_ASSERT(line->partition == record.partition && line->offset == record.offset);
  SDP_ASSERT(line->timestamp == record.timestamp && line->key == record.key);
  SDP_ASSERT(line->headers.size() == record.headers.size());
  for (std::size_t i = 0; i < record.headers.size(); ++i) {
    SDP_ASSERT(line->headers[i].name == record.headers[i].name);
    SDP_ASSERT(line->headers[i].value == record.headers[i].value);
  }
  if (line->reject) {
    SDP_ASSERT(line->payload.has_value() == record.value.has_value());
    if (record.value) SDP_ASSERT(base::from_base64(*line->payload) == record.value);
  } else {
    SDP_ASSERT(line->payload == one_line(line->schema_id ? record.value->substr(5) : *record.value));
  }
}

}  // namespace
}  // namespace sdp::lake

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  if (input.starts_with('{')) {
    sdp::lake::read_any_bytes(input);
  } else {
    sdp::lake::write_any_record(sdp::fuzz::Pieces(input));
  }
  return 0;
}
