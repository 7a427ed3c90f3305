#include "lake/hour_marker.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utc_time.h"
#include "lake/json_members.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kOffsetMax = std::numeric_limits<log::Offset>::max();

Hour hour_in(JsonMembers& in) {
  const auto hour = parse_hour(in.text("hour"));
  in.expect(hour.has_value());
  return hour.value_or(Hour());
}

/// `[[first offset, next offset, key], ...]`
std::vector<ListedRange> list_in(JsonMembers& in) {
  std::vector<ListedRange> list;
  for (const Json& entry : in.part("list", Json::value_t::array)) {
    in.expect(entry.is_array() && entry.size() == 3 && entry[0].is_number_unsigned() &&
              entry[1].is_number_unsigned() && entry[2].is_string() &&
              entry[0].get<std::uint64_t>() < entry[1].get<std::uint64_t>() &&
              entry[1].get<std::uint64_t>() <= static_cast<std::uint64_t>(kOffsetMax));
    if (!in.ok()) return {};
    list.push_back({entry[2], {entry[0], entry[1]}});
  }
  return list;
}

}  // namespace

Hour hour_of(UtcMillis time) {
  return has_time(time) ? std::chrono::floor<std::chrono::hours>(time) : Hour();
}

std::string format_hour(Hour hour) {
  return base::format_date(hour) + "T" + base::format_hour(hour);
}

std::optional<Hour> parse_hour(std::string_view text) {
  const auto time = base::parse_iso(std::string(text) + ":00:00Z");
  if (!time || format_hour(hour_of(*time)) != text) return std::nullopt;
  return hour_of(*time);
}

std::string to_json(const ChainBegin& begin) {
  return to_line({{"version", 1},
                  {"topic_id", base::to_string(begin.chain.topic_id)},
                  {"partition", begin.chain.partition},
                  {"hour", format_hour(begin.hour)}});
}

std::string to_json(const HourMarker& marker) {
  nlohmann::ordered_json json = {{"version", marker.list ? 2 : 1},
                                 {"topic", marker.topic},
                                 {"topic_id", base::to_string(marker.chain.topic_id)},
                                 {"partition", marker.chain.partition},
                                 {"partitions", marker.partitions},
                                 {"hour", format_hour(marker.hour)},
                                 {"first_offset", marker.range.first},
                                 {"next_offset", marker.range.end},
                                 {"objects", marker.objects},
                                 {"records", marker.records},
                                 {"rejected", marker.rejected},
                                 {"sha256", marker.sha256}};
  if (marker.list) {
    auto list = nlohmann::ordered_json::array();
    for (const ListedRange& object : *marker.list)
      list.push_back({object.range.first, object.range.end, object.object_key});
    json["list"] = std::move(list);
  }
  return to_line(json);
}

Result<ChainBegin> chain_begin_from_json(std::string_view json) {
  JsonMembers in(json);
  const ChainBegin begin{in.chain(), hour_in(in)};
  in.expect(in.number("version", 1) == 1);
  if (in.ok()) return begin;
  return fail(ErrorKind::bad_input, "chain begin is not of the form that this program writes");
}

Result<HourMarker> hour_marker_from_json(std::string_view json) {
  JsonMembers in(json);
  HourMarker marker;
  const std::int64_t version = in.number("version", 2);
  in.expect(version >= 1);
  marker.topic = in.text("topic");
  marker.chain = in.chain();
  marker.partitions = static_cast<int>(in.number("partitions", std::numeric_limits<int>::max()));
  marker.hour = hour_in(in);
  marker.range = {in.number("first_offset", kOffsetMax), in.number("next_offset", kOffsetMax)};
  marker.objects = in.number("objects", kOffsetMax);
  marker.records = in.number("records", kOffsetMax);
  marker.rejected = in.number("rejected", marker.records);
  marker.sha256 = in.text("sha256");
  in.expect(marker.range.first <= marker.range.end && marker.chain.partition < marker.partitions);
  if (version == 2) marker.list = list_in(in);
  if (in.ok()) return marker;
  return fail(ErrorKind::bad_input, "hour marker is not of the form that this program writes");
}

bool is_complete(Hour hour, std::span<const HourMarker> markers, std::span<const ChainBegin> begins) {
  std::set<log::Partition> closed;
  int partitions = 0;
  for (const HourMarker& marker : markers) {
    if (marker.hour != hour) continue;
    closed.insert(marker.chain.partition);
    partitions = std::max(partitions, marker.partitions);
  }
  for (const ChainBegin& begin : begins) {
    if (begin.hour > hour) closed.insert(begin.chain.partition);
  }
  for (log::Partition partition = 0; partition < partitions; ++partition) {
    if (!closed.contains(partition)) return false;
  }
  return partitions > 0;
}

}  // namespace sdp::lake
