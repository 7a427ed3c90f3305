#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace sdp::base {

constexpr std::size_t kTopicNameMax = 249;

/// Kafka's own rule for names of topics.
constexpr bool is_topic_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kTopicNameMax && name != "." && name != ".." &&
         std::ranges::all_of(name, fits);
}

}  // namespace sdp::base
