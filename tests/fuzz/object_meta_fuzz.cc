// Metadata of objects: what is read keeps to the invariants, and is the same when it is written and read
// again. An input has one entry a line, NAME=VALUE.

#include <map>
#include <string>

#include "base/check.h"
#include "fuzz/pieces.h"
#include "lake/object_meta.h"

namespace {

std::map<std::string, std::string> entries(std::string_view text) {
  std::map<std::string, std::string> entries;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) entries.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto metadata = entries(sdp::fuzz::text_of(data, size));
  const auto meta = sdp::lake::meta_from(metadata);
  if (!meta) {
    SDP_ASSERT(meta.error().kind == sdp::ErrorKind::bad_input && !meta.error().message.empty());
    return 0;
  }
  SDP_ASSERT(meta->range.first >= 0 && meta->range.first < meta->range.end);
  SDP_ASSERT(meta->records >= 1 && meta->records <= meta->range.end - meta->range.first);
  SDP_ASSERT(meta->rejected >= 0 && meta->rejected <= meta->records);
  const auto written = sdp::lake::to_metadata(*meta);
  for (const auto& [name, value] : written) SDP_ASSERT(metadata.contains(name));
  const auto again = sdp::lake::meta_from(written);
  SDP_ASSERT(again.has_value() && *again == *meta);
  return 0;
}
