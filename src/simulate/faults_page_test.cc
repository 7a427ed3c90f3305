#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "simulate/fault_classes.h"

namespace sdp::simulate {
namespace {

std::string table() {
  std::string text =
      "| class | what is sent | rate of | what becomes of it | reason | field |\n|---|---|---|---|---|---|\n";
  for (const FaultClass& one : kFaultClasses) {
    const std::string fate = one.rejected_by.empty()
                                 ? std::string(name(one.fate))
                                 : fmt::format("{} by {}", name(one.fate), one.rejected_by);
    const std::string field = one.field.contains(' ') || one.field.empty() || one.field == "any"
                                  ? std::string(one.field)
                                  : fmt::format("`{}`", one.field);
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", one.name, one.sends,
                        one.rate_of == RateOf::listeners ? "listeners" : "events", fate,
                        one.reason.empty() ? "" : fmt::format("`{}`", one.reason), field);
  }
  return text;
}

TEST(FaultsPage, ShowsTheTableOfClasses) {
  const char* const source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const std::string path = std::string(source) + "/docs/formats/faults.md";
  std::ifstream file(path);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = "<!-- classes: begin (written by simulate_test) -->\n";
  const auto from = committed.find(begin);
  const auto to = committed.find("<!-- classes: end -->");
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << path << " lacks the line " << begin;
  const std::string wanted = committed.substr(0, from + begin.size()) + table() + committed.substr(to);
  const bool write = std::getenv("SDP_WRITE_DERIVED_FILES") != nullptr;
  if (write) std::ofstream(path) << wanted;
  EXPECT_EQ(write ? wanted : committed, wanted)
      << path << " does not show the table of classes: run this test with SDP_WRITE_DERIVED_FILES=1";
}

}  // namespace
}  // namespace sdp::simulate
