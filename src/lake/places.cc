#include "lake/places.h"

#include <fmt/core.h>

#include <utility>

#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

std::string name_of(const ChainId& chain) {
  return fmt::format("t{}_p{}.json", short_id(chain.topic_id), chain.partition);
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
