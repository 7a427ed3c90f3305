#pragma once

#include <string_view>
#include <vector>

#include "log/record.h"

namespace sdp::log::kafka {

/// The headers of a record as Kafka's format 2 encodes them: a varint that counts them, then size and bytes
/// of each name and of each value (size -1: no value). Names are any bytes. No bytes: no headers. Bytes that
/// are no such encoding are kept, too: as the name of one header without a value. The views point into
/// `encoded`.
void decode_headers(std::string_view encoded, std::vector<HeaderView>& out);

}  // namespace sdp::log::kafka
