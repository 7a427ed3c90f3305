#include "base/lines.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sdp::base {
namespace {

constexpr std::size_t kChunk = 1'024;

TEST(Lines, AreReadWholeWhateverTheirLength) {
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, kChunk - 2, kChunk - 1, kChunk, kChunk + 1, 3 * kChunk}) {
    std::istringstream in(std::string(length, 'a') + "\nb\n");
    std::string line;
    EXPECT_EQ(read_line(in, line, 4 * kChunk), LineRead::whole);
    EXPECT_EQ(line.size(), length);
    EXPECT_EQ(read_line(in, line, 4 * kChunk), LineRead::whole);
    EXPECT_EQ(line, "b");
    EXPECT_EQ(read_line(in, line, 4 * kChunk), LineRead::end);
  }
}

TEST(Lines, OneWithoutAnEndIsCutOff) {
  for (const std::size_t length : {std::size_t{1}, kChunk - 1, 2 * kChunk}) {
    std::istringstream in(std::string(length, 'a'));
    std::string line;
    EXPECT_EQ(read_line(in, line, 4 * kChunk), LineRead::cut_off) << length;
    EXPECT_EQ(line.size(), length);
  }
}

TEST(Lines, OneThatIsTooLongIsNotHeld) {
  std::istringstream in(std::string(100 * kChunk, 'a'));
  std::string line;
  EXPECT_EQ(read_line(in, line, kChunk), LineRead::too_long);
  EXPECT_LE(line.size(), 3 * kChunk);
}

}  // namespace
}  // namespace sdp::base
