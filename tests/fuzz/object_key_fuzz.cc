// Keys of objects: only what format_key writes is a key, and a key that was written is read back.

#include <array>
#include <chrono>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "fuzz/pieces.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

void read_any_bytes(std::string_view text) {
  const auto key = parse_key(text);
  if (!key) return;
  SDP_ASSERT(format_key(*key) == text);
  SDP_ASSERT(text.starts_with(hour_prefix(key->first_timestamp)));
}

void write_any_key(fuzz::Pieces pieces) {
  constexpr std::array kForms = {Compression::none, Compression::gzip, Compression::zstd};
  ObjectKey key;
  key.compression = kForms.at(pieces.number<std::uint8_t>() % kForms.size());
  key.first_timestamp = UtcMillis(std::chrono::milliseconds(pieces.number<std::int64_t>()));
  key.partition = pieces.natural<log::Partition>();
  key.first = pieces.natural<log::Offset>();
  std::string id(pieces.bytes().substr(0, 4));
  id.resize(4);
  key.topic_id_short = base::hex(id);

  const auto again = parse_key(format_key(key));
  SDP_ASSERT(again.has_value());
  // A key has whole seconds.
  key.first_timestamp = has_time(key.first_timestamp)
                            ? UtcMillis(std::chrono::floor<std::chrono::seconds>(key.first_timestamp))
                            : kNoTime;
  SDP_ASSERT(*again == key);
}

}  // namespace
}  // namespace sdp::lake

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  if (input.starts_with(sdp::lake::kBronzePrefix)) {
    sdp::lake::read_any_bytes(input);
  } else {
    sdp::lake::write_any_key(sdp::fuzz::Pieces(input));
  }
  return 0;
}
