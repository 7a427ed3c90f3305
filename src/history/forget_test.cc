#include "history/forget.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "history/judge.h"
#include "os/file_lock.h"
#include "support/temporary_folder.h"

namespace sdp::history {
namespace {

namespace fs = std::filesystem;

class ForgetTest : public testing::Test {
 protected:
  ForgetTest() {
    write("ada/imported.jsonl", "");
    write("ada/lake/bronze/one.json", "12345");
    write("ada/.lock", "7");
    remember("ada");
  }

  void write(const fs::path& path, std::string_view text) {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }
  void remember(const std::string& account) {
    ASSERT_TRUE(add_imports(ada_ / kLedgerName, {{.sha256 = std::string(64, '0'),
                                                  .target = std::string(kInLake),
                                                  .user = user_id(account),
                                                  .extended_days = {},
                                                  .account_days = {}}}));
  }
  std::string refusal(const fs::path& folder, const Uuid& user) {
    const auto checked = check_person_folder(folder, user);
    if (checked) return "";
    EXPECT_EQ(checked.error().kind, ErrorKind::misconfigured);
    return checked.error().message;
  }

  support::TemporaryFolder folder_;
  fs::path ada_ = folder_.path() / "ada";
};

TEST_F(ForgetTest, AFolderIsThePersonsWhenItHasItsImportsAndNothingElse) {
  const auto files = check_person_folder(ada_, user_id("ada"));
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->size(), 1U);
}

TEST_F(ForgetTest, AFolderOfAnotherOrOfSeveralIsRefused) {
  EXPECT_NE(refusal(ada_, user_id("bob")).find("an import of user"), std::string::npos);
  remember("bob");
  EXPECT_NE(refusal(ada_, user_id("ada")).find(base::to_string(user_id("bob"))), std::string::npos);
}

TEST_F(ForgetTest, AFolderWithALinkToElsewhereIsRefused) {
  write("ada/warehouse/published/1/spotify_db.duckdb", "1");
  fs::create_directory_symlink("1", ada_ / "warehouse/published/current");
  EXPECT_EQ(refusal(ada_, user_id("ada")), "") << "what it leads to goes, too";
  fs::rename(ada_ / "lake", folder_.path() / "ada-lake");
  fs::create_directory_symlink(folder_.path() / "ada-lake", ada_ / "lake");
  EXPECT_NE(refusal(ada_, user_id("ada")).find("ada/lake is a symbolic link to"), std::string::npos);
  fs::remove(ada_ / "lake");
  fs::create_symlink(folder_.path() / "gone", ada_ / "warehouse/link");
  fs::create_symlink("circle", ada_ / "warehouse/circle");
  EXPECT_EQ(refusal(ada_, user_id("ada")), "") << "nothing would stay";
}

TEST_F(ForgetTest, AFolderWithoutAnImportIsRefused) {
  write("other/lake/one.json", "1");
  EXPECT_NE(refusal(folder_.path() / "other", user_id("ada")).find("has no import"), std::string::npos);
  write("other/imported.jsonl", "");
  EXPECT_NE(refusal(folder_.path() / "other", user_id("ada")).find("has no import"), std::string::npos);
}

TEST_F(ForgetTest, WhatNoImportMakesIsNamed) {
  write("ada/history/bob/imported.jsonl", "");
  EXPECT_NE(refusal(ada_, user_id("ada")).find("ada/history is nothing that an import makes"),
            std::string::npos);
}

TEST_F(ForgetTest, WhatAKilledImportLeavesIsNoObstacle) {
  for (const char* name : {"imported.jsonl.new", "report.html.new"}) write(ada_ / name, "x");
  EXPECT_EQ(refusal(ada_, user_id("ada")), "");
}

TEST_F(ForgetTest, LinksAndFilesAreNoFolders) {
  fs::create_directory_symlink(ada_, folder_.path() / "link");
  write("file", "x");
  EXPECT_TRUE(is_plain_folder(ada_).value());
  EXPECT_FALSE(is_plain_folder(folder_.path() / "none").value());
  for (const char* name : {"link", "file"}) {
    const auto is_one = is_plain_folder(folder_.path() / name);
    ASSERT_FALSE(is_one) << name;
    EXPECT_EQ(is_one.error().kind, ErrorKind::misconfigured);
  }
}

TEST_F(ForgetTest, WhatIsCountedIsNotBehindLinks) {
  write("outside/large", std::string(1'000, 'x'));
  const auto before = extent_of(ada_);
  fs::create_directory_symlink(folder_.path() / "outside", ada_ / "lake" / "current");
  const auto after = extent_of(ada_);
  EXPECT_EQ(before->files, 3U);
  EXPECT_EQ(after->files, 4U);
  EXPECT_EQ(after->bytes, before->bytes);
  EXPECT_EQ(before->bytes, 6U + fs::file_size(ada_ / kLedgerName));
}

TEST_F(ForgetTest, AFolderGoesAsAWholeAndWhatIsBehindItsLinksStays) {
  write("outside/kept", "x");
  fs::create_directory_symlink(folder_.path() / "outside", ada_ / "lake" / "current");
  ASSERT_TRUE(set_aside(ada_));
  EXPECT_FALSE(fs::exists(ada_));
  EXPECT_TRUE(fs::exists(aside_of(ada_) / "lake" / "bronze" / "one.json"));
  ASSERT_TRUE(remove_aside(ada_));
  EXPECT_FALSE(fs::exists(aside_of(ada_)));
  EXPECT_TRUE(fs::exists(folder_.path() / "outside" / "kept"));
}

TEST_F(ForgetTest, WhatIsSetAsideIsRemovedByOneAndItsLockGoesLast) {
  auto held = os::FileLock::open(ada_ / ".lock");
  ASSERT_TRUE(held && held->try_lock().value());
  ASSERT_TRUE(set_aside(ada_));
  const auto another = hold_aside(ada_);
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().kind, ErrorKind::fenced);
  {
    const auto ended = std::move(held);
  }
  EXPECT_TRUE(hold_aside(ada_).value());
  // What a killed process left, up to its lock.
  fs::remove_all(aside_of(ada_));
  fs::create_directory(aside_of(ada_));
  EXPECT_FALSE(hold_aside(ada_).value());
  EXPECT_TRUE(remove_aside(ada_));
  EXPECT_FALSE(fs::exists(aside_of(ada_)));
  EXPECT_TRUE(remove_aside(ada_)) << "somebody else was quicker";
}

TEST_F(ForgetTest, WhatDisappearsWhileItIsCountedOrRemovedIsNoFailure) {
  for (int time = 0; time < 20; ++time) {
    for (int file = 0; file < 50; ++file) write(fmt::format("ada/lake/{}/{}.json", file % 7, file), "1");
    ASSERT_TRUE(set_aside(ada_));
    std::vector<Result<void>> removed(3);
    std::vector<std::jthread> removers;
    for (auto& outcome : removed) removers.emplace_back([&] { outcome = remove_aside(ada_); });
    while (fs::exists(aside_of(ada_))) EXPECT_TRUE(extent_of(aside_of(ada_)));
    removers.clear();
    for (const auto& outcome : removed) EXPECT_TRUE(outcome) << outcome.error().message;
    write("ada/imported.jsonl", "");
  }
}

}  // namespace
}  // namespace sdp::history
