#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sdp::base {

/// The candidate that may have been meant by a word that is none: one that begins with it or that it begins
/// with, or else the nearest within two letters that are wrong, missing or too many. Nothing when none is
/// near.
std::optional<std::string> meant_by(std::string_view word, std::span<const std::string> candidates);

}  // namespace sdp::base
