#include "lake/offset_range.h"

#include <fmt/core.h>

namespace sdp::lake {

std::string describe(const ChainId& chain) {
  return fmt::format("p{} of topic id {}", chain.partition, base::to_string(chain.topic_id));
}

}  // namespace sdp::lake
