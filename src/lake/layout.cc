#include "lake/layout.h"

#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "lake/json_members.h"

namespace sdp::lake {

std::string to_json(const LakeLayout& layout) {
  const nlohmann::ordered_json json = {{"version", layout.version},
                                       {"format", layout.format},
                                       {"compression", name(layout.compression)},
                                       {"partitioner", layout.partitioner},
                                       {"topic", layout.topic}};
  return to_line(json);
}

Result<LakeLayout> layout_from_json(std::string_view text) {
  JsonMembers in(text);
  LakeLayout layout;
  layout.version = static_cast<int>(in.number("version", std::numeric_limits<int>::max()));
  layout.format = in.text("format");
  layout.partitioner = in.text("partitioner");
  layout.topic = in.text("topic");
  const auto compression = parse_compression(in.text("compression"));
  if (!in.ok())
    return fail(ErrorKind::bad_input, "the lake's layout is not of the form that this program writes");
  if (!compression) return fail(ErrorKind::bad_input, "the lake's layout names an unknown compression");
  layout.compression = *compression;
  return layout;
}

Result<void> check_same(const LakeLayout& stored, const LakeLayout& wanted) {
  std::string differences;
  const auto compare = [&](std::string_view what, auto has, auto wants) {
    if (has == wants) return;
    differences +=
        fmt::format("{}{} is {} in the lake but {} here", differences.empty() ? "" : ", ", what, has, wants);
  };
  compare("version", stored.version, wanted.version);
  compare("format", stored.format, wanted.format);
  compare("compression", name(stored.compression), name(wanted.compression));
  compare("partitioner", stored.partitioner, wanted.partitioner);
  compare("topic", stored.topic, wanted.topic);
  if (differences.empty()) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format("the first sink of this lake chose other settings: {}. Use those, or another bucket",
                  differences));
}

}  // namespace sdp::lake
