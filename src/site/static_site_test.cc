#include "site/static_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "base/utc_time.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "site/asset.h"
#include "site/publications.h"
#include "support/publication.h"
#include "support/temporary_folder.h"

namespace sdp::site {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class StaticSite : public testing::Test {
 protected:
  fs::path publish() {
    clock_.advance(std::chrono::milliseconds(1));
    return support::publish_snapshot(root_, clock_);
  }
  Result<void> write(const fs::path& publication) { return write_site(site_, publication); }
  std::string text(const fs::path& name) const {
    return os::read_file(site_ / name).value().value_or("none");
  }
  std::set<std::string> data() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(site_ / "data")) names.insert(entry.path().filename());
    return names;
  }

  support::TemporaryFolder temporary_;
  fs::path root_ = temporary_.path() / "published";
  fs::path site_ = temporary_.path() / "www" / "marts";
  base::ManualClock clock_{*base::parse_iso("2026-02-15T17:52:36.123Z")};
};

TEST_F(StaticSite, HasThePagesAndWhatTheyShow) {
  const fs::path publication = publish();
  const std::string id = publication.filename();
  ASSERT_TRUE(write(publication));
  for (const Asset& asset : assets()) EXPECT_EQ(text(asset.name), asset.bytes) << asset.name;
  for (const char* part : {"snapshot", "mart_top_songs", "proof"})
    EXPECT_EQ(text(fs::path("data") / id / fmt::format("{}.js", part)), read_part(publication, part).value());
  EXPECT_THAT(text("data/current.js"), HasSubstr("\"live\":false"));
  EXPECT_THAT(text("data/current.js"), HasSubstr(id));
  EXPECT_THAT(text("data/services.js"), HasSubstr("\"services\":[]"));
  EXPECT_EQ(data(), (std::set<std::string>{".lock", "current.js", "services.js", id}));
}

TEST_F(StaticSite, AnyoneMayReadIt) {
  ASSERT_TRUE(write(publish()));
  for (const char* name : {"index.html", "data/current.js"})
    EXPECT_NE(fs::status(site_ / name).permissions() & fs::perms::others_read, fs::perms::none) << name;
}

TEST_F(StaticSite, TheOneBeforeStaysAndOlderOnesGo) {
  std::vector<std::string> ids;
  for (int at = 0; at < 3; ++at) {
    const fs::path publication = publish();
    ids.push_back(publication.filename());
    ASSERT_TRUE(write(publication));
  }
  EXPECT_EQ(data(), (std::set<std::string>{".lock", "current.js", "services.js", ids[1], ids[2]}));
  EXPECT_THAT(text("data/current.js"), HasSubstr(ids[2]));
}

TEST_F(StaticSite, TheOneBeforeGoesWhereItHasTo) {
  ASSERT_TRUE(write(publish()));
  const fs::path publication = publish();
  ASSERT_TRUE(write_site(site_, publication, Older::remove));
  EXPECT_EQ(data(), (std::set<std::string>{".lock", "current.js", "services.js", publication.filename()}));
}

TEST_F(StaticSite, TheProofThatCameLaterIsAddedAndNothingElseIsWritten) {
  const fs::path publication = publish();
  const std::string id = publication.filename();
  ASSERT_TRUE(write(publication));
  EXPECT_THAT(text(fs::path("data") / id / "proof.js"), HasSubstr("null"));
  const auto written = fs::last_write_time(site_ / "index.html");
  ASSERT_TRUE(publish::add_to_publication(publication, "proof.json",
                                          fmt::format(R"({{"version": 1, "snapshot": "{}"}})", id)));
  ASSERT_TRUE(write(publication));
  EXPECT_THAT(text(fs::path("data") / id / "proof.js"), Not(HasSubstr("null")));
  EXPECT_EQ(fs::last_write_time(site_ / "index.html"), written);
}

TEST_F(StaticSite, AFolderOfOthersIsRefusedAndLeftAlone) {
  fs::create_directories(site_);
  support::spoil(site_ / "letter.txt", "dear");
  const auto written = write(publish());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(written.error().message, HasSubstr("did not make them"));
  EXPECT_EQ(text("letter.txt"), "dear");
  EXPECT_FALSE(fs::exists(site_ / "index.html"));
}

TEST_F(StaticSite, AnEmptyFolderWillDo) {
  fs::create_directories(site_);
  EXPECT_TRUE(write(publish()));
}

TEST_F(StaticSite, WhoWasKilledBeforeTheMarkerWasWholeLeavesNoFolderOfOthers) {
  fs::create_directories(site_);
  support::spoil(site_ / fmt::format("{}.new", kSiteMarker), "spotify-pi");
  const auto written = write(publish());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_FALSE(fs::exists(site_ / fmt::format("{}.new", kSiteMarker)));
}

TEST_F(StaticSite, OfSeveralWhoBeginOneNoneTakesItForAFolderOfOthers) {
  const fs::path publication = publish();
  for (int time = 0; time < 20; ++time) {
    fs::remove_all(site_);
    constexpr int kWriters = 4;
    std::barrier begin(kWriters);
    std::vector<Result<void>> written(kWriters);
    std::vector<std::jthread> writers;
    for (auto& outcome : written) {
      writers.emplace_back([&] {
        begin.arrive_and_wait();
        outcome = write(publication);
      });
    }
    writers.clear();
    for (const auto& outcome : written) {
      if (outcome) continue;
      EXPECT_EQ(outcome.error().kind, ErrorKind::fenced) << outcome.error().message;
    }
    EXPECT_TRUE(std::ranges::any_of(written, &Result<void>::has_value));
    EXPECT_EQ(text("index.html"), find_asset("index.html")->bytes);
  }
}

TEST_F(StaticSite, ASiteOfAnotherProgramIsRefused) {
  fs::create_directories(site_);
  support::spoil(site_ / kSiteMarker, "spotify-pipeline site 2\n");
  EXPECT_EQ(write(publish()).error().kind, ErrorKind::misconfigured);
}

TEST_F(StaticSite, PagesThatAnEarlierProgramMadeGoAndFilesOfOthersStay) {
  ASSERT_TRUE(write(publish()));
  support::spoil(site_ / kSiteMarker, text(kSiteMarker) + "old.html\n");
  support::spoil(site_ / "old.html", "old");
  support::spoil(site_ / "robots.txt", "mine");
  ASSERT_TRUE(write(publish()));
  EXPECT_FALSE(fs::exists(site_ / "old.html"));
  EXPECT_EQ(text("robots.txt"), "mine");
  EXPECT_THAT(text(kSiteMarker), Not(HasSubstr("old.html")));
}

TEST_F(StaticSite, WhatAKilledOneLeftIsMadeWhole) {
  const fs::path publication = publish();
  ASSERT_TRUE(write(publication));
  fs::create_directories(site_ / "data" / ".draft");
  support::spoil(site_ / "data" / ".draft" / "half.js", "half");
  fs::remove(site_ / "index.html");
  ASSERT_TRUE(write(publish()));
  EXPECT_FALSE(fs::exists(site_ / "data" / ".draft"));
  EXPECT_NE(text("index.html"), "none");
}

TEST_F(StaticSite, TwoDoNotWriteAtOnce) {
  ASSERT_TRUE(write(publish()));
  auto lock = os::FileLock::open(site_ / "data" / ".lock").value();
  ASSERT_TRUE(lock.try_lock().value());
  EXPECT_EQ(write(publish()).error().kind, ErrorKind::fenced);
}

TEST_F(StaticSite, ADamagedPublicationChangesNothing) {
  const fs::path first = publish();
  ASSERT_TRUE(write(first));
  const fs::path second = publish();
  support::spoil(second / "mart_top_songs.json", "{");
  EXPECT_EQ(write(second).error().kind, ErrorKind::bad_input);
  EXPECT_THAT(text("data/current.js"), HasSubstr(first.filename().string()));
}

TEST_F(StaticSite, TheReportComesAlong) {
  const fs::path publication = publish();
  const std::string id = publication.filename();
  ASSERT_TRUE(publish::add_to_publication(publication, "report.html", "<html>"));
  ASSERT_TRUE(write(publication));
  EXPECT_EQ(text(fs::path("data") / id / "report.html"), "<html>");
  EXPECT_THAT(text("data/current.js"), HasSubstr("\"report\":\"data/" + id + "/report.html\""));
}

TEST_F(StaticSite, DbtsPageComesAlong) {
  fs::create_directories(root_ / "dbt");
  support::spoil(root_ / "dbt/index.html", "<html>");
  ASSERT_TRUE(write(publish()));
  EXPECT_EQ(text("dbt/index.html"), "<html>");
  EXPECT_THAT(text("data/current.js"), HasSubstr("\"dbt_docs\":\"dbt/index.html\""));
}

}  // namespace
}  // namespace sdp::site
