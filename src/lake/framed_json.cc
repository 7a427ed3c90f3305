#include "lake/framed_json.h"

#include <cstddef>

#include "base/ascii.h"

namespace sdp::lake {
namespace {

constexpr std::size_t kFrameBytes = 5;

}  // namespace

std::optional<FramedJson> framed_json(std::string_view value) {
  if (value.size() <= kFrameBytes || value.front() != '\0') return std::nullopt;
  FramedJson framed{.json = base::trimmed(value.substr(kFrameBytes))};
  if (!framed.json.starts_with('{')) return std::nullopt;
  for (const char byte : value.substr(1, kFrameBytes - 1))
    framed.schema_id = framed.schema_id << 8U | static_cast<unsigned char>(byte);
  return framed;
}

}  // namespace sdp::lake
