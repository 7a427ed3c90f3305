#include "diag/levels.h"

#include <fmt/format.h>

#include <optional>

namespace sdp::diag {
namespace {

std::optional<Level> level_named(std::string_view text) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error, Level::off}) {
    if (text == name(level)) return level;
  }
  return std::nullopt;
}

bool is_prefix(std::string_view prefix, std::string_view event) {
  return event.starts_with(prefix) &&
         (prefix.empty() || event.size() == prefix.size() || event[prefix.size()] == '.');
}

Error not_a_level(std::string_view part) {
  return {
      ErrorKind::misconfigured,
      fmt::format(
          "log level: '{}' is neither a level (debug, info, warning, error, off) nor PREFIX=LEVEL with the "
          "first words of an event's name, as in 'info,sink=warning'",
          part)};
}

}  // namespace

Result<EnabledEvents> parse_levels(std::string_view text) {
  std::array<Level, kEvents.size()> thresholds{};
  thresholds.fill(Level::info);
  std::array<std::size_t, kEvents.size()> matched{};
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t equals = part.find('=');
    const std::string_view prefix = equals == std::string_view::npos ? "" : part.substr(0, equals);
    const auto level = level_named(equals == std::string_view::npos ? part : part.substr(equals + 1));
    if (!level || equals == 0) return std::unexpected(not_a_level(part));
    bool known = false;
    for (std::size_t event = 0; event < kEvents.size(); ++event) {
      if (!is_prefix(prefix, kEvents[event].name)) continue;
      known = true;
      if (prefix.size() < matched[event]) continue;
      matched[event] = prefix.size();
      thresholds[event] = *level;
    }
    if (!known) return std::unexpected(not_a_level(part));
  }
  EnabledEvents enabled{};
  for (std::size_t event = 0; event < kEvents.size(); ++event)
    enabled[event] = kEvents[event].level >= thresholds[event];
  return enabled;
}

}  // namespace sdp::diag
