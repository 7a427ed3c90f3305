#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>

namespace sdp::base {

enum class LineRead : std::uint8_t {
  whole,
  cut_off,   ///< the input ended before the line did
  too_long,  ///< only its beginning was read
  end,       ///< there is no more line
};

/// Reads a line, without its line break, over `line`. Whatever the input, it holds little more than
/// `bytes_max`.
LineRead read_line(std::istream& in, std::string& line, std::size_t bytes_max);

}  // namespace sdp::base
