#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdp::report {

/// A text of unknown origin as it stands in HTML.
struct HtmlText {
  std::string html;
  bool cut = false;  ///< something was left out; an ellipsis says so
};

/// Text for an element or a quoted attribute, whatever its bytes are: markup is escaped, control characters
/// are shown by their pictures, marks that turn the direction of what follows by their numbers, and bytes
/// that are not UTF-8 by U+FFFD. At most `characters_max` characters of the text.
HtmlText html_text(std::string_view text, std::size_t characters_max);

/// The same with a bound that only nonsense reaches.
std::string escaped(std::string_view text);

}  // namespace sdp::report
