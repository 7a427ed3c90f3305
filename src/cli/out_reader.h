#pragma once

#include <string_view>

namespace sdp::cli {

// Who reads standard output, for commands that go on while somebody does (standard_output.h writes it).

/// Whether a stream ends on a terminal that can be drawn upon.
bool is_drawable(int descriptor);
/// Whether a person looks at the output, on such a terminal.
bool out_is_terminal();

/// Moves a terminal to its first line, and empties it.
inline constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J\x1b[3J";

/// From now on a pipe whose reader has gone (`| head`) is an end of the command and not a failure.
void end_quietly_without_reader();

}  // namespace sdp::cli
