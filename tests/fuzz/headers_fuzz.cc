// Headers in Kafka's encoding: the sink's reader and verify's, which share no code, agree on all bytes, and
// both read back what was written.

#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/pieces.h"
#include "log/kafka/headers.h"
#include "verify/header_reader.h"

namespace {

using Headers = std::vector<sdp::lake::LineHeader>;

Headers by_sink(std::string_view encoded) {
  std::vector<sdp::log::HeaderView> views;
  sdp::log::kafka::decode_headers(encoded, views);
  Headers headers;
  for (const auto& [name, value] : views)
    headers.push_back({std::string(name), value ? std::optional(std::string(*value)) : std::nullopt});
  return headers;
}

bool same(const Headers& one, const Headers& other) {
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].name != other[i].name || one[i].value != other[i].value) return false;
  }
  return true;
}

/// Whether a number of more than 32 bits may be among the bytes. No broker sends one, and what it would be is
/// not said.
bool may_have_wide_number(std::string_view encoded) {
  int more = 0;
  for (const char c : encoded) {
    const auto byte = static_cast<unsigned char>(c);
    if (more >= 4 && byte >= 0x10) return true;
    more = byte >= 0x80 ? more + 1 : 0;
  }
  return false;
}

void append_number(std::string& out, std::int32_t number) {
  auto bits = (static_cast<std::uint32_t>(number) << 1) ^ static_cast<std::uint32_t>(number >> 31);
  for (; bits >= 0x80; bits >>= 7) out.push_back(static_cast<char>(0x80 | (bits & 0x7F)));
  out.push_back(static_cast<char>(bits));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::int32_t>(text.size()));
  out += text;
}

void write_any_headers(sdp::fuzz::Pieces pieces) {
  Headers headers;
  while (!pieces.done()) {
    const std::string_view name = pieces.bytes();
    const auto value = pieces.maybe_bytes();
    headers.push_back({std::string(name), value ? std::optional(std::string(*value)) : std::nullopt});
  }
  std::string encoded;
  append_number(encoded, static_cast<std::int32_t>(headers.size()));
  for (const auto& [name, value] : headers) {
    append_text(encoded, name);
    value ? append_text(encoded, *value) : append_number(encoded, -1);
  }
  SDP_ASSERT(same(by_sink(encoded), headers));
  SDP_ASSERT(same(sdp::verify::read_headers(encoded), headers));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  if (!may_have_wide_number(input)) SDP_ASSERT(same(by_sink(input), sdp::verify::read_headers(input)));
  write_any_headers(sdp::fuzz::Pieces(input));
  return 0;
}
