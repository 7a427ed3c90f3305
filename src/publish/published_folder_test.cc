#include "publish/published_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/utc_time.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::publish {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PublishedFolder : public testing::Test {
 protected:
  Result<fs::path> publish(std::string_view text) {
    return replace_published(root_, clock_, [&](const fs::path& folder, const std::string&) -> Result<void> {
      std::ofstream(folder / "file") << text;
      return {};
    });
  }
  std::string current() const { return os::read_file(root_ / "current" / "file").value().value_or("none"); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_)) names.push_back(entry.path().filename().string());
    return names;
  }

  support::TemporaryFolder temporary_;
  fs::path root_ = temporary_.path() / "published";
  base::ManualClock clock_{*base::parse_iso("2026-02-15T17:52:36.123Z")};
};

TEST_F(PublishedFolder, CurrentLeadsToTheLastAndTheOneBeforeStays) {
  EXPECT_EQ(publish("one").value(), root_ / "20260215T175236123Z");
  EXPECT_EQ(current(), "one");
  clock_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(publish("two"));
  clock_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(publish("three"));
  EXPECT_EQ(current(), "three");
  EXPECT_THAT(names(),
              UnorderedElementsAre(".lock", "current", "20260215T175236124Z", "20260215T175236125Z"));
}

TEST_F(PublishedFolder, AllOthersCanBeRemovedAndWhatAKilledProcessLeft) {
  ASSERT_TRUE(publish("one"));
  const auto second = publish("two").value();
  fs::create_directories(root_ / ".draft");
  fs::create_directories(root_ / "dbt");
  const auto removed = remove_others(root_, second);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(names(), UnorderedElementsAre(".lock", "current", "dbt", second.filename().string()));
  EXPECT_EQ(current(), "two");
  auto other = os::FileLock::open(root_ / ".lock").value();
  ASSERT_TRUE(other.try_lock().value());
  EXPECT_EQ(remove_others(root_, second).error().kind, ErrorKind::fenced);
}

TEST_F(PublishedFolder, APublicationIsFoundByItsIdAsLongAsItIsThere) {
  const auto first = publish("one").value();
  clock_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(publish("two"));
  EXPECT_EQ(find_publication(root_, first.filename().string()), first);
  clock_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(publish("three"));
  EXPECT_EQ(find_publication(root_, first.filename().string()), std::nullopt);
  for (const char* name : {"", ".", "..", "current", "../published", ".lock", "20260215T175236124Z/."})
    EXPECT_EQ(find_publication(root_, name), std::nullopt) << name;
  EXPECT_EQ(find_publication(root_ / "none", "20260215T175236124Z"), std::nullopt);
}

TEST_F(PublishedFolder, WhatOthersHaveReplacedTwiceTakesNothingMore) {
  const auto first = publish("one").value();
  ASSERT_TRUE(publish("two"));
  EXPECT_TRUE(add_to_publication(first, "proof", "of one").value()) << "the one before is kept";
  ASSERT_TRUE(publish("three"));
  const auto added = add_to_publication(first, "proof", "of one");
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_FALSE(*added);
  EXPECT_FALSE(fs::exists(first));
}

/// Whoever proves is slower than others publish.
TEST_F(PublishedFolder, FilesThatComeWhileOthersReplaceStopNobody) {
  ASSERT_TRUE(publish("first"));
  std::atomic<bool> over = false;
  std::jthread prover([&] {
    while (!over) {
      const auto folder = current_publication(root_);
      if (!folder) continue;
      // Until it is gone.
      for (Result<bool> added = true; added && *added && !over;) {
        added = add_to_publication(*folder, "proof", "of it");
        EXPECT_TRUE(added) << added.error().message;
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    clock_.advance(std::chrono::milliseconds(1));
    const auto published = publish("text");
    EXPECT_TRUE(published) << published.error().message;
  }
  over = true;
}

TEST_F(PublishedFolder, NobodyMayWriteToWhatIsPublished) {
  const auto path = publish("one").value() / "file";
  EXPECT_EQ(fs::status(path).permissions(),
            fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
}

TEST_F(PublishedFolder, AClockThatGoesBackHidesNothing) {
  ASSERT_TRUE(publish("one"));
  base::ManualClock earlier{*base::parse_iso("2025-02-15T17:52:36.123Z")};
  ASSERT_TRUE(
      replace_published(root_, earlier, [](const fs::path& folder, const std::string&) -> Result<void> {
        std::ofstream(folder / "file") << "two";
        return {};
      }));
  EXPECT_EQ(current(), "two");
  EXPECT_THAT(names(),
              UnorderedElementsAre(".lock", "current", "20260215T175236123Z", "20260215T175236124Z"));
}

TEST_F(PublishedFolder, AFailureLeavesWhatReadersHave) {
  ASSERT_TRUE(publish("one"));
  const auto failed =
      replace_published(root_, clock_, [](const fs::path&, const std::string&) -> Result<void> {
        return fail(ErrorKind::cannot_write, "no room");
      });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no room");
  EXPECT_EQ(current(), "one");
  EXPECT_EQ(publish("two").value(), root_ / "20260215T175236124Z");
  EXPECT_THAT(names(),
              UnorderedElementsAre(".lock", "current", "20260215T175236123Z", "20260215T175236124Z"));
}

TEST_F(PublishedFolder, WhatAKilledProcessLeftIsRemoved) {
  fs::create_directories(root_ / ".draft" / "deeper");
  fs::create_directory_symlink("nowhere", root_ / ".current");
  ASSERT_TRUE(publish("one"));
  EXPECT_THAT(names(), UnorderedElementsAre(".lock", "current", "20260215T175236123Z"));
}

TEST_F(PublishedFolder, FoldersOfOthersStay) {
  fs::create_directories(root_ / "notes");
  fs::create_directories(root_ / "20269915T175236123Z");
  for (const std::string_view text : {"one", "two", "three", "four"}) ASSERT_TRUE(publish(text));
  EXPECT_TRUE(fs::exists(root_ / "notes"));
  EXPECT_TRUE(fs::exists(root_ / "20269915T175236123Z"));
}

TEST_F(PublishedFolder, TheFilesMayKnowTheirId) {
  ASSERT_TRUE(
      replace_published(root_, clock_, [](const fs::path& folder, const std::string& id) -> Result<void> {
        std::ofstream(folder / "file") << id;
        std::ofstream(folder / "other") << "more";
        return {};
      }));
  EXPECT_EQ(current(), "20260215T175236123Z");
  EXPECT_EQ(fs::status(root_ / "current" / "other").permissions(),
            fs::status(root_ / "current" / "file").permissions());
}

TEST_F(PublishedFolder, WhatCurrentLeadsToIsTold) {
  EXPECT_EQ(current_publication(root_), std::nullopt);
  const auto folder = publish("one").value();
  EXPECT_EQ(current_publication(root_), folder);
  fs::remove(root_ / "current");
  fs::create_directory_symlink("/etc", root_ / "current");
  EXPECT_EQ(current_publication(root_), std::nullopt);
}

TEST_F(PublishedFolder, AFileMayComeLaterAndBeReplaced) {
  const auto folder = publish("one").value();
  ASSERT_TRUE(add_to_publication(folder, "proof", "first"));
  ASSERT_TRUE(add_to_publication(folder, "proof", "second"));
  EXPECT_EQ(os::read_file(root_ / "current" / "proof").value().value_or("none"), "second");
  EXPECT_EQ(fs::status(folder / "proof").permissions(), fs::status(folder / "file").permissions());
}

TEST_F(PublishedFolder, OneProcessPublishesAtATime) {
  ASSERT_TRUE(publish("one"));
  auto other = os::FileLock::open(root_ / ".lock");
  ASSERT_TRUE(other->try_lock().value());
  const auto refused = publish("two");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::fenced);
  EXPECT_THAT(refused.error().message, HasSubstr("another process publishes there"));
}

}  // namespace
}  // namespace sdp::publish
