#include "lake/layout.h"

#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace sdp::lake {

std::string to_json(const LakeLayout& layout) {
  const nlohmann::ordered_json json = {{"version", layout.version},
                                       {"format", layout.format},
                                       {"compression", name(layout.compression)},
                                       {"partitioner", layout.partitioner},
                                       {"topic", layout.topic}};
  // What is not UTF-8 is replaced: nlohmann would throw.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<LakeLayout> layout_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto is = [&](const char* name, auto type) {
    return json.contains(name) && json[name].type() == type;
  };
  using Type = nlohmann::json::value_t;
  if (!json.is_object() || !is("version", Type::number_unsigned) || !is("format", Type::string) ||
      !is("compression", Type::string) || !is("partitioner", Type::string) || !is("topic", Type::string) ||
      json["version"].get<std::uint64_t>() > std::numeric_limits<int>::max()) {
    return fail(ErrorKind::bad_input, "the lake's layout is not of the form that this program writes");
  }
  LakeLayout layout;
  layout.version = json["version"];
  layout.format = json["format"];
  layout.partitioner = json["partitioner"];
  layout.topic = json["topic"];
  const auto compression = parse_compression(json["compression"].get<std::string>());
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
