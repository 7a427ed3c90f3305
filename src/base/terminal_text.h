#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdp::base {

// Text of others that a terminal is to show whole: what would act on it is written out.

/// Length of the character of UTF-8 that `text`, which is not empty, begins with; 0 for bytes that are none.
/// Long forms, halves of pairs and what is beyond Unicode are none.
std::size_t character_length(std::string_view text);
/// Whether one character acts on a terminal instead of standing in its place.
bool acts_on_terminal(std::string_view character);

/// Text of others as a terminal may show it: `?` in place of each control character (also those beyond
/// ASCII), of each character that turns the direction of what follows, and of each byte that is not UTF-8.
std::string printable(std::string_view text);

/// `\n`, `\t`, `\r`, `\x1b` and the like for control characters and for bytes that are not UTF-8, `\u202e`
/// and the like for the others that act; everything else as it is.
std::string escaped(std::string_view text);
/// A JSON text that acts on no terminal and says the same: JSON has these characters within strings only.
std::string escaped_json(std::string_view json);
bool is_utf8(std::string_view text);

/// A word of a command that people copy from a message: in single quotes where a shell would take it for
/// something else.
std::string shell_word(std::string_view word);

}  // namespace sdp::base
