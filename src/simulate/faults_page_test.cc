#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "simulate/fault_classes.h"
#include "support/committed_page.h"

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
  support::expect_in_page("docs/formats/faults.md", "<!-- classes: begin (written by simulate_test) -->\n",
                          "<!-- classes: end -->", table());
}

}  // namespace
}  // namespace sdp::simulate
