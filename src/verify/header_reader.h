#pragma once

#include <string_view>
#include <vector>

#include "lake/line.h"

namespace sdp::verify {

/// A record's headers, read from Kafka's encoding of them apart from the reader that the sink uses: a fault
/// in one is then a difference, not a proof. Bytes that are no such encoding are one header's name.
std::vector<lake::LineHeader> read_headers(std::string_view encoded);

}  // namespace sdp::verify
