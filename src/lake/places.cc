#include "lake/places.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

std::string name_of(std::string_view topic_id_short, log::Partition partition) {
  return fmt::format("t{}_p{}.json", topic_id_short, partition);
}

std::string name_of(const ChainId& chain) {
  return name_of(short_id(chain.topic_id), chain.partition);
}

/// The text between two others, which are taken off with it.
std::optional<std::string_view> take_between(std::string_view& text, std::string_view before,
                                             std::string_view behind) {
  const auto end = text.find(behind, before.size());
  if (!text.starts_with(before) || end == std::string_view::npos) return std::nullopt;
  const std::string_view found = text.substr(before.size(), end - before.size());
  text.remove_prefix(end + behind.size());
  return found;
}

}  // namespace

std::string Places::gaps_prefix(const log::TopicId& topic_id) const {
  return fmt::format("{}t{}_", gaps_prefix(), short_id(topic_id));
}

std::string Places::gap_key(const ChainId& chain, log::Offset first) const {
  return fmt::format("{}p{}_o{:020}.json", gaps_prefix(chain.topic_id), chain.partition, first);
}

std::string Places::begin_key(const ChainId& chain) const {
  return begins_prefix() + name_of(chain);
}

std::string Places::hour_folder(Hour hour) const {
  return fmt::format("{}date={}/hour={}/", hours_prefix(), base::format_date(hour), base::format_hour(hour));
}

std::string Places::marker_key(const ChainId& chain, Hour hour) const {
  return hour_folder(hour) + name_of(chain);
}

std::optional<MarkerName> Places::parse_marker_key(std::string_view key) const {
  // Reads the parts, then writes them again: only what marker_key writes is a marker's.
  if (!key.starts_with(hours_prefix())) return std::nullopt;
  std::string_view rest = key.substr(hours_prefix().size());
  const auto day = take_between(rest, "date=", "/");
  const auto of_day = take_between(rest, "hour=", "/");
  const auto topic_id = take_between(rest, "t", "_p");
  const auto partition = take_between(rest, "", ".json");
  if (!day || !of_day || !topic_id || !partition || topic_id->size() != kShortIdChars) return std::nullopt;
  const auto hour = parse_hour(fmt::format("{}T{}", *day, *of_day));
  MarkerName name;
  const auto [end, error] =
      std::from_chars(partition->data(), partition->data() + partition->size(), name.partition);
  if (!hour || error != std::errc() || name.partition < 0) return std::nullopt;
  name.hour = *hour;
  name.topic_id_short = *topic_id;
  if (hour_folder(*hour) + name_of(name.topic_id_short, name.partition) != key) return std::nullopt;
  return name;
}

std::string Places::head_key(const ChainId& chain) const {
  return fmt::format("{}{}/p{}", kHeadsPrefix, base::to_string(chain.topic_id), chain.partition);
}

UtcMillis Places::filing_time(UtcMillis time) const {
  return version_ == 1 ? clamp_timestamp(time) : time;
}

std::optional<std::string> key_in_layout_2(std::string_view key) {
  constexpr Places kOld(1);
  constexpr Places kNew(2);
  for (const auto& [from, to] : {std::pair(kOld.hours_prefix(), kNew.hours_prefix()),
                                 std::pair(kOld.gaps_prefix(), kNew.gaps_prefix())}) {
    if (key.starts_with(from)) return fmt::format("{}{}", to, key.substr(from.size()));
  }
  return std::nullopt;
}

}  // namespace sdp::lake
