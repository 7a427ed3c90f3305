#include "serve/query.h"

#include <algorithm>

#include "base/encoding.h"

namespace sdp::serve {

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.front() != '%') {
      // As forms encode a space.
      result += text.front() == '+' ? ' ' : text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = base::from_hex(text.substr(1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    result += *byte;
    text.remove_prefix(3);
  }
  return result;
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  const auto mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with(name) && one.substr(name.size()).starts_with('='))
      return decoded(one.substr(name.size() + 1));
  }
  return std::nullopt;
}

}  // namespace sdp::serve
