// Hour markers and begins of chains: what is read is the same when it is written and read again.

#include "base/check.h"
#include "fuzz/pieces.h"
#include "lake/hour_marker.h"

namespace sdp::lake {
namespace {

void read_marker(std::string_view text) {
  const auto marker = hour_marker_from_json(text);
  if (!marker) {
    SDP_ASSERT(marker.error().kind == ErrorKind::bad_input);
    return;
  }
  SDP_ASSERT(marker->range.first >= 0 && marker->range.first <= marker->range.end);
  SDP_ASSERT(marker->chain.partition >= 0 && marker->chain.partition < marker->partitions);
  const auto again = hour_marker_from_json(to_json(*marker));
  SDP_ASSERT(again.has_value() && *again == *marker);
}

void read_begin(std::string_view text) {
  const auto begin = chain_begin_from_json(text);
  if (!begin) {
    SDP_ASSERT(begin.error().kind == ErrorKind::bad_input);
    return;
  }
  const auto again = chain_begin_from_json(to_json(*begin));
  SDP_ASSERT(again.has_value() && *again == *begin);
}

}  // namespace
}  // namespace sdp::lake

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  sdp::lake::read_marker(input);
  sdp::lake::read_begin(input);
  return 0;
}
