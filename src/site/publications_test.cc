#include "site/publications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utc_time.h"
#include "os/files.h"
#include "support/publication.h"
#include "support/temporary_folder.h"

namespace sdp::site {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PublicationsTest : public testing::Test {
 protected:
  fs::path publish(const fs::path& root, std::string_view warehouse = "duckdb") {
    clock_.advance(std::chrono::milliseconds(1));
    return support::publish_snapshot(root, clock_, warehouse);
  }
  static void cut_in_half(const fs::path& file) {
    const std::string text = os::read_file(file).value().value();
    support::spoil(file, text.substr(0, text.size() / 2));
  }

  support::TemporaryFolder temporary_;
  fs::path root_ = temporary_.path() / "published";
  fs::path other_ = temporary_.path() / "other";
  base::ManualClock clock_{*base::parse_iso("2026-02-15T17:52:36.123Z")};
  Publications publications_{{root_, other_}};
};

TEST_F(PublicationsTest, NothingIsPublishedYet) {
  const auto state = publications_.look();
  EXPECT_THAT(state.publications, IsEmpty());
  EXPECT_THAT(state.problems, IsEmpty());
}

TEST_F(PublicationsTest, TheCurrentOneOfEachFolderInTheirOrder) {
  const fs::path snowflake = publish(other_, "snowflake");
  const fs::path duckdb = publish(root_);
  const auto state = publications_.look();
  ASSERT_EQ(state.publications.size(), 2U);
  EXPECT_EQ(state.publications[0].id, duckdb.filename());
  EXPECT_EQ(state.publications[0].warehouse, "duckdb");
  EXPECT_EQ(state.publications[0].taken_at, "2026-02-15T17:52:36.000Z");
  EXPECT_THAT(state.publications[0].parts, ElementsAre("snapshot", "mart_top_songs", "proof"));
  EXPECT_EQ(state.publications[1].id, snowflake.filename());
}

TEST_F(PublicationsTest, ACopyIsTheSamePublication) {
  publish(root_);
  fs::copy(root_, other_, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  EXPECT_EQ(publications_.look().publications.size(), 1U);
}

TEST_F(PublicationsTest, ASwitchIsSeenAndTheOneBeforeIsStillFound) {
  const fs::path first = publish(root_);
  EXPECT_EQ(publications_.look().publications.at(0).id, first.filename());
  const fs::path second = publish(root_);
  EXPECT_EQ(publications_.look().publications.at(0).id, second.filename());
  EXPECT_EQ(publications_.find(first.filename().string()), first);
  publish(root_);
  EXPECT_EQ(publications_.find(first.filename().string()), std::nullopt);
}

TEST_F(PublicationsTest, NamesThatAreNoneLeadNowhere) {
  publish(root_);
  for (const char* name : {"", ".", "..", "current", ".lock", "../published", "20260215T175236124Z/", "/etc"})
    EXPECT_EQ(publications_.find(name), std::nullopt) << name;
}

TEST_F(PublicationsTest, AFileThatIsCutInHalfIsNamedAndTheOtherFolderStays) {
  const fs::path other = publish(other_);
  for (const char* name : {"snapshot.json", "mart_top_songs.json"}) {
    const fs::path damaged = publish(root_);
    cut_in_half(damaged / name);
    const auto state = publications_.look();
    ASSERT_EQ(state.publications.size(), 1U) << name;
    EXPECT_EQ(state.publications[0].id, other.filename());
    EXPECT_THAT(state.problems, ElementsAre(HasSubstr((damaged / name).string())));
    const auto text = read_part(damaged, fs::path(name).stem().string());
    ASSERT_FALSE(text) << name;
    EXPECT_THAT(text.error().message, HasSubstr(name));
  }
}

TEST_F(PublicationsTest, ADamageThatComesLaterIsSeen) {
  const fs::path folder = publish(root_);
  EXPECT_THAT(publications_.look().problems, IsEmpty());
  fs::remove(folder / "mart_top_songs.json");
  EXPECT_THAT(publications_.look().problems, ElementsAre(HasSubstr("mart_top_songs.json: it is missing")));
}

TEST_F(PublicationsTest, ANewerVersionIsNamed) {
  const fs::path folder = publish(root_);
  support::spoil(folder / "snapshot.json", R"({"version": 2, "id": "x"})");
  EXPECT_THAT(publications_.look().problems, ElementsAre(HasSubstr("it is of version 2")));
}

TEST_F(PublicationsTest, AFileOfAnotherPublicationIsNamed) {
  const fs::path first = publish(root_);
  const fs::path second = publish(root_);
  support::spoil(second / "mart_top_songs.json",
                 os::read_file(first / "mart_top_songs.json").value().value());
  EXPECT_THAT(publications_.look().problems, ElementsAre(HasSubstr("it belongs to publication")));
}

TEST_F(PublicationsTest, AMartsFileElsewhereIsNotRead) {
  const fs::path folder = publish(root_);
  support::spoil(
      folder / "snapshot.json",
      fmt::format(R"({{"version": 1, "id": "{}", "marts": [{{"name": "X", "file": "mart_/../../x.json"}}]}})",
                  folder.filename().string()));
  EXPECT_THAT(publications_.look().problems, ElementsAre(HasSubstr("that cannot be one")));
}

TEST_F(PublicationsTest, PartsAreScripts) {
  const fs::path folder = publish(root_);
  const std::string id = folder.filename();
  EXPECT_EQ(read_part(folder, "mart_top_songs").value(),
            "sdp.receive(\"" + id + "/mart_top_songs\", " + R"({"version": 1, "snapshot": ")" + id +
                R"(", "name": "TOP_SONGS", "rows": [[1]]});)" + "\n");
  EXPECT_EQ(read_part(folder, "proof").value(), "sdp.receive(\"" + id + "/proof\", null);\n");
  ASSERT_TRUE(publish::add_to_publication(folder, "proof.json",
                                          fmt::format(R"({{"version": 1, "snapshot": "{}"}})", id)));
  EXPECT_THAT(read_part(folder, "proof").value().value(), HasSubstr(R"("version": 1)"));
}

TEST_F(PublicationsTest, TheReportIsAPageWhereThereIsOne) {
  const fs::path folder = publish(root_);
  EXPECT_FALSE(publications_.look().publications.at(0).has_report);
  EXPECT_EQ(read_report(folder).value(), std::nullopt);
  ASSERT_TRUE(publish::add_to_publication(folder, "report.html", "<html>"));
  EXPECT_TRUE(publications_.look().publications.at(0).has_report);
  EXPECT_EQ(read_report(folder).value(), "<html>");
}

TEST_F(PublicationsTest, WhatIsNoPartIsNotThere) {
  const fs::path folder = publish(root_);
  for (const char* name :
       {"", "mart_other", "mart_/../snapshot", "../current/snapshot", "report", ".", "snapshot.json"})
    EXPECT_EQ(read_part(folder, name).value(), std::nullopt) << name;
  fs::remove_all(folder);
  EXPECT_EQ(read_part(folder, "snapshot").value(), std::nullopt);
  EXPECT_EQ(read_part(folder, "proof").value(), std::nullopt);
}

TEST_F(PublicationsTest, ALinkInAPublicationIsNotFollowed) {
  const fs::path folder = publish(root_);
  fs::remove(folder / "mart_top_songs.json");
  fs::create_symlink("/etc/hostname", folder / "mart_top_songs.json");
  EXPECT_FALSE(read_part(folder, "mart_top_songs"));
}

TEST_F(PublicationsTest, DbtsPageIsFoundBesideThePublications) {
  EXPECT_EQ(find_docs(temporary_.path()), std::nullopt);
  EXPECT_EQ(read_docs(temporary_.path()).value(), std::nullopt);
  fs::create_directories(temporary_.path() / "dbt");
  support::spoil(temporary_.path() / "dbt/index.html", "<html>");
  EXPECT_EQ(read_docs(temporary_.path()).value(), "<html>");
}

}  // namespace
}  // namespace sdp::site
