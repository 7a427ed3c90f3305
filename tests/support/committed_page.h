#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace sdp::support {

/// Expects `text` between two markers of a page of this checkout; with SDP_WRITE_DERIVED_FILES=1 writes it
/// there.
inline void expect_in_page(std::string_view page, std::string_view begin, std::string_view end,
                           std::string_view text) {
  const char* const source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const std::string path = std::string(source).append("/").append(page);
  std::ifstream file(path);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  const auto from = committed.find(begin);
  const auto to = committed.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos)
      << path << " lacks the line " << begin << " or " << end;
  const std::string wanted =
      committed.substr(0, from + begin.size()).append(text).append(committed.substr(to));
  const bool write = std::getenv("SDP_WRITE_DERIVED_FILES") != nullptr;
  if (write) std::ofstream(path) << wanted;
  EXPECT_EQ(write ? wanted : committed, wanted)
      << path << " does not show what the code has: run this test with SDP_WRITE_DERIVED_FILES=1";
}

}  // namespace sdp::support
