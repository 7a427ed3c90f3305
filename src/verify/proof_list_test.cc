#include "verify/proof_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "support/committed_page.h"

namespace sdp::verify {
namespace {

namespace fs = std::filesystem;

fs::path source() {
  const char* folder = std::getenv("SDP_SOURCE_DIR");
  return folder == nullptr ? "" : folder;
}

/// The list with the recounts of the project.
std::vector<ProofLine> whole_list() {
  Recounts recounts;
  const auto declared = read_recounts(source() / "spotify_dbt" / "recounts");
  EXPECT_TRUE(declared) << declared.error().message;
  if (!declared) return {};
  for (const MartRecount& recount : *declared) recounts.emplace(recount.table, recount);
  return proof_list(recounts);
}

constexpr std::string_view kBegin = "<!-- proof: begin (written by verify_test) -->\n";
constexpr std::string_view kEnd = "<!-- proof: end -->";

TEST(ProofList, PagesShowIt) {
  const auto list = whole_list();
  support::expect_in_page("docs/formats/proof.md", kBegin, kEnd, to_markdown(list));
  std::string names;
  for (const std::string& name : not_proved(list)) names += "  * " + name + "\n";
  support::expect_in_page("docs/limits.md", kBegin, kEnd, names);
}

TEST(ProofList, HasEveryPartOnceAndSaysHowOrWhyNot) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const ProofLine& line : whole_list()) {
    EXPECT_TRUE(seen.emplace(line.place, line.part).second) << line.place << " " << line.part;
    EXPECT_FALSE(line.by.empty()) << line.place << " " << line.part;
  }
  EXPECT_TRUE(seen.contains({"MART.SONG_DAILY", "skip_rate"}));
  EXPECT_TRUE(seen.contains({"TRANSFORM.INT_HEARD_EVENTS", "heard_ms"}));
}

TEST(ProofList, NamesTablesThatAreNotProvedAtAllAndPartsOfOthers) {
  const ProofLine yes{"A.B", "x", "DATE", true, "so", {}};
  const ProofLine no{"A.B", "y", "DATE", false, "why", {}};
  const ProofLine all{"A.C", "*", "", false, "why", {}};
  EXPECT_THAT(not_proved({yes, no, all}), testing::ElementsAre("A.B (y)", "A.C"));
  EXPECT_THAT(not_proved({yes}), testing::IsEmpty());
  ProofLine left_out = no;
  left_out.looked_at = false;
  EXPECT_THAT(not_proved({left_out}), testing::IsEmpty());
}

TEST(ProofList, IsATableForPages) {
  const ProofLine line{"A.B", "x", "DATE", true, "counted again", "open IS NULL"};
  EXPECT_THAT(to_markdown({line}),
              testing::HasSubstr("| A.B | `x` | DATE | yes | counted again, where `open IS NULL` |\n"));
}

}  // namespace
}  // namespace sdp::verify
