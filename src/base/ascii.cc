#include "base/ascii.h"

#include <algorithm>

namespace sdp::base {

std::string_view trimmed_front(std::string_view text, std::string_view blanks) {
  return text.substr(std::min(text.size(), text.find_first_not_of(blanks)));
}

std::string_view trimmed_back(std::string_view text, std::string_view blanks) {
  // npos + 1 is 0: of blanks alone nothing is left.
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string_view trimmed(std::string_view text, std::string_view blanks) {
  return trimmed_back(trimmed_front(text, blanks), blanks);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace sdp::base
