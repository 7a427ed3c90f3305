#include "lake/hour_marker.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kOffsetMax = std::numeric_limits<log::Offset>::max();

/// Reads members, and remembers whether all were of their kind.
class Reader {
 public:
  explicit Reader(std::string_view text) : json_(Json::parse(text, nullptr, false)) {
    ok_ = json_.is_object() && version() >= 1;
  }

  std::int64_t version() { return number("version", 2); }

  std::int64_t number(const char* member, std::int64_t max) {
    const auto at = json_.is_object() ? json_.find(member) : json_.end();
    if (at == json_.end() || !at->is_number_unsigned() ||
        at->get<std::uint64_t>() > static_cast<std::uint64_t>(max)) {
      ok_ = false;
      return 0;
    }
    return at->get<std::int64_t>();
  }
  std::string text(const char* member) {
    const auto at = json_.is_object() ? json_.find(member) : json_.end();
    if (at != json_.end() && at->is_string()) return at->get<std::string>();
    ok_ = false;
    return {};
  }
  Hour hour(const char* member) {
    const auto hour = parse_hour(text(member));
    ok_ = ok_ && hour;
    return hour.value_or(Hour());
  }
  ChainId chain() {
    const auto id = base::parse_uuid(text("topic_id"));
    ok_ = ok_ && id;
    const auto partition = number("partition", std::numeric_limits<log::Partition>::max());
    return {id.value_or(log::TopicId()), static_cast<log::Partition>(partition)};
  }
  /// `[[first offset, next offset, key], ...]`
  std::vector<ListedRange> list(const char* member) {
    std::vector<ListedRange> list;
    const auto at = json_.is_object() ? json_.find(member) : json_.end();
    expect(at != json_.end() && at->is_array());
    if (!ok_) return list;
    for (const Json& entry : *at) {
      expect(entry.is_array() && entry.size() == 3 && entry[0].is_number_unsigned() &&
             entry[1].is_number_unsigned() && entry[2].is_string() &&
             entry[0].get<std::uint64_t>() < entry[1].get<std::uint64_t>() &&
             entry[1].get<std::uint64_t>() <= static_cast<std::uint64_t>(kOffsetMax));
      if (!ok_) return {};
      list.push_back({entry[2], {entry[0], entry[1]}});
    }
    return list;
  }
  void expect(bool condition) { ok_ = ok_ && condition; }
  bool ok() const { return ok_; }

 private:
  Json json_;
  bool ok_ = true;
};

std::string dump(const nlohmann::ordered_json& json) {
  // What is not UTF-8 is replaced: nlohmann would throw.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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
  return dump({{"version", 1},
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
  return dump(json);
}

Result<ChainBegin> chain_begin_from_json(std::string_view json) {
  Reader in(json);
  const ChainBegin begin{in.chain(), in.hour("hour")};
  in.expect(in.version() == 1);
  if (in.ok()) return begin;
  return fail(ErrorKind::bad_input, "chain begin is not of the form that this program writes");
}

Result<HourMarker> hour_marker_from_json(std::string_view json) {
  Reader in(json);
  HourMarker marker;
  marker.topic = in.text("topic");
  marker.chain = in.chain();
  marker.partitions = static_cast<int>(in.number("partitions", std::numeric_limits<int>::max()));
  marker.hour = in.hour("hour");
  marker.range = {in.number("first_offset", kOffsetMax), in.number("next_offset", kOffsetMax)};
  marker.objects = in.number("objects", kOffsetMax);
  marker.records = in.number("records", kOffsetMax);
  marker.rejected = in.number("rejected", marker.records);
  marker.sha256 = in.text("sha256");
  in.expect(marker.range.first <= marker.range.end && marker.chain.partition < marker.partitions);
  if (in.version() == 2) marker.list = in.list("list");
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
