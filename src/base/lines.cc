#include "base/lines.h"

#include <array>

namespace sdp::base {

LineRead read_line(std::istream& in, std::string& line, std::size_t bytes_max) {
  line.clear();
  std::array<char, 1'024> chunk{};
  for (;;) {
    in.getline(chunk.data(), chunk.size());
    const auto got = static_cast<std::size_t>(in.gcount());
    if (in.eof() || in.bad()) {
      line.append(chunk.data(), got);
      return line.empty() ? LineRead::end : LineRead::cut_off;
    }
    // getline() fails where the line has not ended yet, and else counts the line break.
    const bool goes_on = in.fail() && got > 0;
    if (in.fail() && !goes_on) return LineRead::end;
    line.append(chunk.data(), goes_on ? got : got - 1);
    if (line.size() > bytes_max) return LineRead::too_long;
    if (!goes_on) return LineRead::whole;
    in.clear(in.rdstate() & ~std::ios::failbit);
  }
}

}  // namespace sdp::base
