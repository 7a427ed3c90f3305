#include "settings/value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <ranges>
#include <vector>

#include "base/ascii.h"
#include "base/topic_name.h"

namespace sdp::settings {
namespace {

std::vector<std::string_view> parts(std::string_view text, char separator) {
  std::vector<std::string_view> all;
  for (const auto part : std::views::split(text, separator)) {
    all.emplace_back(part.begin(), part.end());
  }
  return all;
}

template <typename T>
Result<T> read_whole(const Setting& setting, std::string_view text) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fits = !setting.range || (static_cast<double>(number) >= setting.range->low &&
                                       static_cast<double>(number) <= setting.range->high);
  if (error == std::errc() && end == text.data() + text.size() && fits) return number;
  return refused(setting, text, "a whole number");
}

double unit_in_millis(const Setting& setting) {
  return setting.name.ends_with("-ms") ? 1 : 1'000;
}

}  // namespace

std::string accepted(const Setting& setting, std::string_view kind) {
  if (!setting.choices.empty()) {
    auto choices = parts(setting.choices, '|');
    const std::string_view last = choices.back();
    choices.pop_back();
    return choices.empty() ? std::string(last) : fmt::format("{} or {}", fmt::join(choices, ", "), last);
  }
  if (!setting.range) return std::string(kind);
  return fmt::format("{} from {} to {}", kind, show_number(setting.range->low),
                     show_number(setting.range->high));
}

std::unexpected<Error> refused(const Setting& setting, std::string_view text, std::string_view kind) {
  const std::string given = setting.secret ? "the value" : fmt::format("'{}'", text);
  return fail(ErrorKind::misconfigured, fmt::format("{} is not {}", given, accepted(setting, kind)));
}

Result<std::int64_t> read_signed(const Setting& setting, std::string_view text) {
  return read_whole<std::int64_t>(setting, text);
}

Result<std::uint64_t> read_unsigned(const Setting& setting, std::string_view text) {
  return read_whole<std::uint64_t>(setting, text);
}

Result<double> read_number(const Setting& setting, std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fits = std::isfinite(number) &&
                    (!setting.range || (number >= setting.range->low && number <= setting.range->high));
  if (error == std::errc() && end == text.data() + text.size() && fits) return number;
  return refused(setting, text, "a number");
}

Result<bool> read_truth(const Setting& setting, std::string_view text) {
  const std::string word = base::lower(text);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return refused(setting, text, "true or false");
}

Result<std::string> read_text(const Setting& setting, std::string_view text) {
  if (setting.names_topic && !base::is_topic_name(text)) {
    return refused(
        setting, text,
        fmt::format("the name of a topic, which has 1 to {} characters of a-z, A-Z, 0-9, dot, underscore and "
                    "hyphen",
                    base::kTopicNameMax));
  }
  if (setting.choices.empty()) return std::string(text);
  const std::string word = base::lower(text);
  for (const std::string_view choice : parts(setting.choices, '|')) {
    if (base::lower(choice) == word) return std::string(choice);
  }
  return refused(setting, text, "");
}

Result<std::chrono::milliseconds> read_time(const Setting& setting, std::string_view text) {
  SDP_TRY(const double number, read_number(setting, text));
  return std::chrono::milliseconds(std::llround(number * unit_in_millis(setting)));
}

Result<std::map<std::string, std::string>> read_map(const Setting& setting, std::string_view text) {
  std::map<std::string, std::string> all;
  for (const std::string_view part : parts(text, ';')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) return refused(setting, part, "NAME=VALUE");
    all.insert_or_assign(std::string(part.substr(0, equals)), std::string(part.substr(equals + 1)));
  }
  return all;
}

std::string show_number(double value) {
  constexpr double kExact = 9e15;
  // The largest number that a setting can have is none that a double can be.
  constexpr double kAll = 0x1p64;
  if (value == kAll) return std::to_string(std::numeric_limits<std::uint64_t>::max());
  if (value == std::floor(value) && std::abs(value) <= kExact)
    return std::to_string(static_cast<std::int64_t>(value));
  return value > kExact ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::string show_time(const Setting& setting, std::chrono::milliseconds value) {
  return show_number(static_cast<double>(value.count()) / unit_in_millis(setting));
}

std::string show_map(const std::map<std::string, std::string>& value) {
  std::string text;
  for (const auto& [name, one] : value) text += fmt::format("{}{}={}", text.empty() ? "" : ";", name, one);
  return text;
}

}  // namespace sdp::settings
