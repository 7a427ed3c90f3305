#include "lake/framed_json.h"

#include <cstddef>

namespace sdp::lake {
namespace {

constexpr std::size_t kFrameBytes = 5;

}  // namespace

std::optional<FramedJson> framed_json(std::string_view value) {
  if (value.size() <= kFrameBytes || value.front() != '\0') return std::nullopt;
  FramedJson framed{.json = trim(value.substr(kFrameBytes))};
  if (!framed.json.starts_with('{')) return std::nullopt;
  for (const char byte : value.substr(1, kFrameBytes - 1))
    framed.schema_id = framed.schema_id << 8U | static_cast<unsigned char>(byte);
  return framed;
}

std::string_view trim(std::string_view json) {
  constexpr std::string_view kJsonSpace = " \t\n\r";
  const auto first = json.find_first_not_of(kJsonSpace);
  if (first == std::string_view::npos) return {};
  return json.substr(first, json.find_last_not_of(kJsonSpace) - first + 1);
}

}  // namespace sdp::lake
