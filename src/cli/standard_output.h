#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/result.h"

namespace sdp::cli {

// The results of commands go to standard output through these. Nothing here throws or ends the command: a
// sink keeps moving events when nobody can read what it prints. What could not be written is told at the end.

void write_out(std::string_view text);

template <typename... T>
void print_out(fmt::format_string<T...> format, T&&... values) {
  write_out(fmt::format(format, std::forward<T>(values)...));
}

/// From now on nothing is printed but what write_result() is given: standard output is for one JSON object.
void keep_out_for_result();
void write_result(std::string_view text);

/// Hands what was printed to the system, for lines that somebody reads as they come.
void flush_out();

/// Whether some output did not reach the system; nothing that follows would be whole.
bool out_has_failed();

/// Flushes. `cannot_write` when any of the process's output did not reach the system; says why.
Result<void> finish_out();

}  // namespace sdp::cli
