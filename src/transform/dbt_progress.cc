#include "transform/dbt_progress.h"

#include <charconv>
#include <system_error>

#include "base/ascii.h"

namespace sdp::transform {
namespace {

/// The number at the beginning, which is taken away with the spaces behind it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(' ')) return std::nullopt;
  text = base::trimmed_front(text, " ");
  return number;
}

}  // namespace

std::optional<DbtNodeLine> parse_node_line(std::string_view line) {
  constexpr std::string_view kClock = "00:00:00", kOf = "of ";
  // Behind the time of day.
  if (line.size() <= kClock.size() || line[2] != ':' || line[5] != ':' || line[kClock.size()] != ' ')
    return std::nullopt;
  line.remove_prefix(kClock.size());
  line = base::trimmed_front(line, " ");
  if (!take_number(line) || !line.starts_with(kOf)) return std::nullopt;
  line.remove_prefix(kOf.size());
  const auto total = take_number(line);
  if (!total || line.starts_with("START hook:") || line.starts_with("OK hook:") ||
      line.starts_with("ERROR hook:"))
    return std::nullopt;
  return DbtNodeLine{*total, !line.starts_with("START")};
}

void DbtProgress::read(std::string_view line) {
  const auto node = parse_node_line(line);
  if (!node) return;
  progress_.set_total(node->total);
  if (node->has_ended) progress_.add(1);
}

}  // namespace sdp::transform
