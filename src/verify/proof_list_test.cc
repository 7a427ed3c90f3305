#include "verify/proof_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

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

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Compares the text between two lines of a page, or writes it when it is asked to.
void expect_in_page(const fs::path& path, const std::string& text) {
  const std::string begin = "<!-- proof: begin (written by verify_test) -->\n";
  const std::string end = "<!-- proof: end -->";
  const std::string committed = read(path);
  const auto from = committed.find(begin);
  const auto to = committed.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << path << " lacks the line " << begin;
  const std::string wanted = committed.substr(0, from + begin.size()) + text + committed.substr(to);
  const bool write = std::getenv("SDP_WRITE_DERIVED_FILES") != nullptr;
  if (write) std::ofstream(path) << wanted;
  EXPECT_EQ(write ? wanted : committed, wanted)
      << path << " does not show the list of what is proved: run this test with SDP_WRITE_DERIVED_FILES=1";
}

TEST(ProofList, PagesShowIt) {
  ASSERT_FALSE(source().empty()) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const auto list = whole_list();
  expect_in_page(source() / "docs" / "formats" / "proof.md", to_markdown(list));
  std::string names;
  for (const std::string& name : not_proved(list)) names += "  * " + name + "\n";
  expect_in_page(source() / "docs" / "limits.md", names);
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
