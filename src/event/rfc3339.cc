#include "event/rfc3339.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace sdp::event {
namespace {

constexpr std::size_t kFractionDigitsMax = 9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the text piece by piece. After the first piece that is not there, nothing else counts.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  /// A number of exactly `digits` digits, up to `max`.
  int number(std::size_t digits, int max) {
    const std::string_view found = rest_.substr(0, digits);
    int value = 0;
    for (const char c : found) value = 10 * value + (c - '0');
    if (found.size() < digits || !std::ranges::all_of(found, is_digit) || value > max) {
      fail();
      return 0;
    }
    rest_.remove_prefix(digits);
    return value;
  }

  /// The character, when it is one of these; 0 otherwise.
  char take_if(std::string_view any_of) {
    if (rest_.empty() || !any_of.contains(rest_.front())) return 0;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  /// The character, which must be one of these.
  char take(std::string_view any_of) {
    const char found = take_if(any_of);
    if (found == 0) fail();
    return found;
  }

  /// Digits up to the next character that is none.
  std::string_view digits() {
    const auto end = std::ranges::find_if_not(rest_, is_digit);
    const std::string_view found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }

  void fail() {
    ok_ = false;
    rest_ = {};
  }
  bool all_taken() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// The fraction's first three digits, those that are absent as zeros.
int fraction_ms(Pieces& pieces) {
  if (pieces.take_if(".") == 0) return 0;
  const std::string_view digits = pieces.digits();
  if (digits.empty() || digits.size() > kFractionDigitsMax) pieces.fail();
  int ms = 0;
  for (std::size_t i = 0; i < 3; ++i) ms = 10 * ms + (i < digits.size() ? digits[i] - '0' : 0);
  return ms;
}

std::chrono::minutes offset(Pieces& pieces) {
  if (pieces.take_if("Zz") != 0) return {};
  const bool is_west = pieces.take("+-") == '-';
  const std::chrono::hours hours{pieces.number(2, 23)};
  pieces.take(":");
  const std::chrono::minutes offset = hours + std::chrono::minutes{pieces.number(2, 59)};
  return is_west ? -offset : offset;
}

}  // namespace

std::optional<UtcMillis> parse_rfc3339(std::string_view text) {
  Pieces pieces(text);
  const std::chrono::year year{pieces.number(4, 9999)};
  pieces.take("-");
  const std::chrono::month month{static_cast<unsigned>(pieces.number(2, 12))};
  pieces.take("-");
  const std::chrono::day day{static_cast<unsigned>(pieces.number(2, 31))};
  pieces.take("Tt");
  const std::chrono::hours hours{pieces.number(2, 23)};
  pieces.take(":");
  const std::chrono::minutes minutes{pieces.number(2, 59)};
  pieces.take(":");
  const std::chrono::seconds seconds{pieces.number(2, 59)};
  const std::chrono::milliseconds fraction{fraction_ms(pieces)};
  const std::chrono::minutes east = offset(pieces);
  const std::chrono::year_month_day date(year, month, day);
  if (!pieces.all_taken() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + hours + minutes + seconds + fraction - east;
}

}  // namespace sdp::event
