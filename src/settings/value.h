#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "settings/setting.h"

namespace sdp::settings {

// Text to value and back. Errors are `misconfigured` and say what the setting takes, not its name, and never
// a secret.

/// What a setting takes, in words: `a whole number from 1 to 64`, `none, gzip or zstd`.
std::string accepted(const Setting& setting, std::string_view kind);
/// `'many' is not a whole number from 1 to 64`, without the text when it is secret.
std::unexpected<Error> refused(const Setting& setting, std::string_view text, std::string_view kind);

Result<std::int64_t> read_signed(const Setting& setting, std::string_view text);
Result<std::uint64_t> read_unsigned(const Setting& setting, std::string_view text);
Result<double> read_number(const Setting& setting, std::string_view text);
Result<bool> read_truth(const Setting& setting, std::string_view text);
/// The choice that the text is, whatever its case; the text itself where there are no choices.
Result<std::string> read_text(const Setting& setting, std::string_view text);
/// A time in the unit of the setting's name.
Result<std::chrono::milliseconds> read_time(const Setting& setting, std::string_view text);
/// `a=b;c=d`
Result<std::map<std::string, std::string>> read_map(const Setting& setting, std::string_view text);

std::string show_number(double value);
std::string show_time(const Setting& setting, std::chrono::milliseconds value);
std::string show_map(const std::map<std::string, std::string>& value);

template <typename T>
concept Time = requires { typename T::period; };

/// Replaces `value` by what the text says. Maps are added to, so that a flag can be repeated.
template <typename T>
Result<void> read(const Setting& setting, std::string_view text, T& value) {
  if constexpr (std::same_as<T, bool>) {
    SDP_TRY(value, read_truth(setting, text));
  } else if constexpr (std::signed_integral<T>) {
    SDP_TRY(const std::int64_t number, read_signed(setting, text));
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max())
      return refused(setting, text, "a whole number");
    value = static_cast<T>(number);
  } else if constexpr (std::unsigned_integral<T>) {
    SDP_TRY(const std::uint64_t number, read_unsigned(setting, text));
    if (number > std::numeric_limits<T>::max()) return refused(setting, text, "a whole number");
    value = static_cast<T>(number);
  } else if constexpr (std::floating_point<T>) {
    SDP_TRY(value, read_number(setting, text));
  } else if constexpr (Time<T>) {
    SDP_TRY(const auto time, read_time(setting, text));
    value = std::chrono::duration_cast<T>(time);
  } else if constexpr (std::same_as<T, base::Secret>) {
    value = base::Secret(std::string(text));
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    value = std::filesystem::path(text);
  } else if constexpr (std::same_as<T, std::map<std::string, std::string>>) {
    SDP_TRY(auto more, read_map(setting, text));
    for (auto& [name, one] : more) value.insert_or_assign(name, std::move(one));
  } else {
    static_assert(std::same_as<T, std::string>);
    SDP_TRY(value, read_text(setting, text));
  }
  return {};
}

/// As read() takes it; empty for nothing, `***` for a secret.
template <typename T>
std::string show(const Setting& setting, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::floating_point<T>) {
    return show_number(value);
  } else if constexpr (Time<T>) {
    return show_time(setting, std::chrono::duration_cast<std::chrono::milliseconds>(value));
  } else if constexpr (std::same_as<T, base::Secret>) {
    return value.empty() ? "" : "***";
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return value.string();
  } else if constexpr (std::same_as<T, std::map<std::string, std::string>>) {
    return show_map(value);
  } else {
    return value;
  }
}

}  // namespace sdp::settings
