#include "store/directory/directory_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/retry.h"
#include "store/directory/sidecar.h"
#include "support/temporary_folder.h"

/// Of each file and folder that was made durable.
static std::set<std::string> synced;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
static std::mutex synced_mutex;       // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// In place of the C library's.
extern "C" int fsync(int fd) {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), unknown);
  std::lock_guard lock(synced_mutex);
  synced.insert(path.native());
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace sdp::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DirectoryStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = open();
    ASSERT_TRUE(*store_->ensure_bucket());
  }

  std::unique_ptr<DirectoryStore> open(DirectoryOptions options = {}) {
    return *DirectoryStore::open(root_, options);
  }
  Result<PutOutcome> put(std::string_view key, std::string_view body = "x", const Metadata& metadata = {}) {
    return store_->put_new(key, body, metadata, "text/plain");
  }
  std::vector<std::string> keys(std::string_view prefix = "") {
    std::vector<std::string> found;
    EXPECT_TRUE(store_->list(prefix, [&](const ListedObject& object) {
      found.push_back(object.key);
      return true;
    }));
    return found;
  }
  std::size_t temporaries() const {
    if (!fs::exists(root_ / ".tmp")) return 0;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_ / ".tmp"), {}));
  }
  static std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::TemporaryFolder folder_;
  fs::path root_ = folder_.path() / "lake";
  std::unique_ptr<DirectoryStore> store_;
};

TEST_F(DirectoryStoreTest, TheFileIsExactlyTheBodyAndReadOnly) {
  ASSERT_TRUE(put("bronze/a.json", "{\"n\":1}\n", {{"topic", "t"}}));
  EXPECT_EQ(read(root_ / "bronze/a.json"), "{\"n\":1}\n");
  struct stat status{};
  ASSERT_EQ(::stat((root_ / "bronze/a.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0222, 0);
  EXPECT_EQ(status.st_nlink, 1);
}

TEST_F(DirectoryStoreTest, TheSidecarIsReadable) {
  ASSERT_TRUE(put("bronze/a.json", "x", {{"topic", "t"}, {"partition", "3"}}));
  EXPECT_EQ(read(root_ / ".meta/bronze/a.json"), "object metadata 1\npartition: 3\ntopic: t\n");
}

TEST_F(DirectoryStoreTest, OwnFoldersAreNeitherListedNorWritten) {
  ASSERT_TRUE(put("a/b"));
  EXPECT_THAT(keys(), ElementsAre("a/b"));
  EXPECT_THAT(keys(".meta/"), ElementsAre());
  EXPECT_THAT(*store_->list_folders(""), ElementsAre("a/"));
  EXPECT_EQ(put(".meta/a/c").error().kind, ErrorKind::bad_input);
  EXPECT_EQ(put(".tmp").error().kind, ErrorKind::bad_input);
  EXPECT_TRUE(put(".metallic"));
}

TEST_F(DirectoryStoreTest, FoldersThatOthersMadeAgainAreMadeDurableAgain) {
  ASSERT_TRUE(put("bronze/hour=1/a"));
  ASSERT_TRUE(put("bronze/hour=1/b"));
  const std::set<std::string> above{root_, root_ / "bronze", root_ / ".meta", root_ / ".meta/bronze"};
  synced.clear();
  ASSERT_TRUE(put("bronze/hour=1/c"));
  for (const auto& folder : above) EXPECT_FALSE(synced.contains(folder)) << folder << " is durable already";
  for (const char* folder : {"bronze", ".meta/bronze"}) {
    fs::remove_all(root_ / folder);
    fs::create_directories(root_ / folder / "hour=1");
  }
  synced.clear();
  ASSERT_TRUE(put("bronze/hour=1/d"));
  for (const auto& folder : above) EXPECT_TRUE(synced.contains(folder)) << folder;
}

// By somebody who removes and makes again what is empty, between our making it and our use.
TEST_F(DirectoryStoreTest, FoldersThatOthersMadeAgainMeanwhileAreDurableBeforeThePutReturns) {
  for (int round = 0; round < 20; ++round) {
    const auto folder = "f" + std::to_string(round);
    std::atomic<bool> stop = false;
    std::jthread remover([&] {
      while (!stop) {
        std::lock_guard lock(synced_mutex);
        if (::rmdir((root_ / folder).c_str()) != 0) continue;
        synced.erase(root_);
        ::mkdir((root_ / folder).c_str(), 0777);
      }
    });
    ASSERT_TRUE(put(folder + "/a"));
    stop = true;
    remover.join();
    std::lock_guard lock(synced_mutex);
    ASSERT_TRUE(synced.contains(root_)) << round;
  }
}

TEST_F(DirectoryStoreTest, NothingTemporaryStays) {
  ASSERT_TRUE(put("a"));
  ASSERT_EQ(*put("a"), PutOutcome::exists);
  EXPECT_EQ(temporaries(), 0);
}

TEST_F(DirectoryStoreTest, ACrashBetweenSidecarAndObjectLeavesNoObjectAndTheNextWriterWins) {
  ASSERT_TRUE(put("a/first"));
  fs::create_directories(root_ / ".meta/a");
  std::ofstream(root_ / ".meta/a/b") << format_sidecar({{"writer", "crashed"}});
  EXPECT_FALSE(*store_->head("a/b"));
  EXPECT_EQ(*put("a/b", "new", {{"writer", "next"}}), PutOutcome::created);
  EXPECT_EQ(store_->get("a/b")->metadata.at("writer"), "next");
}

TEST_F(DirectoryStoreTest, FilesPutThereByHandAreObjectsWithoutMetadata) {
  std::ofstream(root_ / "by-hand") << "x";
  EXPECT_EQ(*put("by-hand", "y"), PutOutcome::exists);
  EXPECT_EQ(store_->get("by-hand")->body, "x");
  EXPECT_TRUE(store_->head("by-hand")->value().metadata.empty());
}

TEST_F(DirectoryStoreTest, ADamagedSidecarIsNamed) {
  ASSERT_TRUE(put("a", "x", {{"topic", "t"}}));
  fs::permissions(root_ / ".meta/a", fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(root_ / ".meta/a") << "garbage";
  EXPECT_THAT(store_->head("a").error().message, HasSubstr(".meta/a: not a metadata file"));
}

TEST_F(DirectoryStoreTest, WhatIsTooLargeIsNamedAndNotRead) {
  constexpr auto kTerabyte = std::uintmax_t{1} << 40;  // of holes
  const auto grow = [&](const fs::path& path) {
    fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    fs::resize_file(path, kTerabyte);
  };
  for (const std::string file : {"body", ".meta/metadata"}) {
    const std::string key = fs::path(file).filename();
    ASSERT_TRUE(put(key, "x", {{"topic", "t"}}));
    grow(root_ / file);
    const auto got = store_->get(key);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(got.error().message, HasSubstr(file + " has more than"));
  }
}

TEST_F(DirectoryStoreTest, FoldersRemovedByHandAreMadeAgain) {
  ASSERT_TRUE(put("day/hour/a"));
  fs::remove_all(root_ / "day");
  EXPECT_EQ(*put("day/hour/a", "again"), PutOutcome::created);
  EXPECT_EQ(store_->get("day/hour/a")->body, "again");
}

TEST_F(DirectoryStoreTest, EmptyFoldersAreNoFolders) {
  fs::create_directories(root_ / "a/empty/deep");
  ASSERT_TRUE(put("a/full/x"));
  EXPECT_THAT(*store_->list_folders("a/"), ElementsAre("a/full/"));
}

TEST_F(DirectoryStoreTest, AKeyCannotRunThroughAnObjectOrReplaceAFolder) {
  ASSERT_TRUE(put("a/b"));
  EXPECT_EQ(put("a/b/c").error().kind, ErrorKind::bad_input);
  EXPECT_EQ(put("a").error().kind, ErrorKind::bad_input);
  EXPECT_FALSE(*store_->head("a"));
  EXPECT_FALSE(*store_->head("a/b/c"));
  EXPECT_EQ(put(std::string(300, 'n')).error().kind, ErrorKind::bad_input);
}

TEST_F(DirectoryStoreTest, AFileTooLargeCannotBeWrittenAndLeavesNothing) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = put("big", std::string(5000, 'x'));
    const bool right = !result && result.error().kind == ErrorKind::cannot_write &&
                       result.error().message.contains((root_ / ".tmp").string());
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(*store_->head("big"));
  EXPECT_EQ(temporaries(), 0);
}

TEST_F(DirectoryStoreTest, AWriterSweepsOnlyOldFilesThatNobodyHolds) {
  ASSERT_TRUE(put("a"));
  const fs::path abandoned = root_ / ".tmp/abandoned";
  const fs::path held = root_ / ".tmp/held";
  const fs::path young = root_ / ".tmp/young";
  for (const auto& path : {abandoned, held, young}) std::ofstream(path) << "half";
  for (const auto& path : {abandoned, held}) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  const os::UniqueFd holder(::open(held.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(holder.get(), LOCK_EX), 0);
  const auto store = open();
  EXPECT_TRUE(fs::exists(abandoned)) << "who only opens it may be a reader";
  ASSERT_TRUE(store->ensure_bucket());
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(held));
  EXPECT_TRUE(fs::exists(young));
}

TEST_F(DirectoryStoreTest, AStoppedHolderOfTheLockIsNamedAfterABoundedWait) {
  ASSERT_TRUE(put("a"));
  std::vector<os::UniqueFd> holders;
  for (int shard = 0; shard < 64; ++shard) {
    const fs::path path = root_ / ".lock" / ((shard < 10 ? "0" : "") + std::to_string(shard));
    holders.emplace_back(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    ASSERT_EQ(::flock(holders.back().get(), LOCK_EX), 0);
  }
  const auto result =
      open({.lock_wait_max = std::chrono::milliseconds(50)})->put_new("b", "x", {}, "text/plain");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(result.error().message, HasSubstr(".lock/"));
}

// One folder and nobody else's object in it: each remover takes the folders that another is about to use.
TEST_F(DirectoryStoreTest, FoldersMayVanishBeneathPutsHintsAndRemovals) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 60;
  std::vector<std::unique_ptr<DirectoryStore>> stores;
  for (int i = 0; i < kThreads; ++i) stores.push_back(open());
  std::atomic<int> wrong = 0;
  const auto check = [&](const auto& result) {
    if (!result && ++wrong == 1) ADD_FAILURE() << result.error().message;
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        DirectoryStore& store = *stores[static_cast<std::size_t>(i)];
        const std::string own = "a/b/" + std::to_string(i);
        for (int round = 0; round < kRounds; ++round) {
          const auto outcome = store.put_new(own, "x", {{"i", "1"}}, "text/plain");
          check(outcome);
          if (outcome && *outcome != PutOutcome::created) ++wrong;
          check(store.put_new("a/b/shared", "x", {}, "text/plain"));
          check(store.put_hint("a/hints/" + std::to_string(i), "x", "text/plain"));
          for (const std::string& key : {own, std::string("a/b/shared"), "a/hints/" + std::to_string(i)})
            check(store.remove(key));
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(keys(), ElementsAre());
  EXPECT_EQ(temporaries(), 0);
  EXPECT_FALSE(fs::exists(root_ / "a"));
}

TEST_F(DirectoryStoreTest, WritersKilledAnywhereLeaveWholeObjectsOnly) {
  const std::string body(200'000, 'b');
  int killed = 0;
  for (int round = 0; round < 15; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int i = 0;; ++i)
        (void)put("r" + std::to_string(round) + "/" + std::to_string(i), body, {{"i", "1"}});
    }
    if (round % 2 == 1) {  // Every other writer has come to its second object, however slow the machine is.
      const std::string first = "r" + std::to_string(round) + "/0";
      EXPECT_TRUE(base::try_until(base::system_clock(), std::chrono::seconds(30),
                                  std::chrono::milliseconds(1),
                                  [&] { return store_->head(first).value_or(std::nullopt).has_value(); }));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 3 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_EQ(killed, 15);
  const auto found = keys();
  EXPECT_GT(found.size(), 0);
  for (const auto& key : found) {
    const auto object = store_->get(key);
    ASSERT_TRUE(object);
    EXPECT_EQ(object->body, body) << key;
    EXPECT_EQ(object->metadata.size(), 1) << key;
  }
}

TEST(DirectoryStoreRoot, MissingDirectoriesAreNamedUntilCreated) {
  const support::TemporaryFolder folder;
  const fs::path root = folder.path() / "deep/lake";
  const auto store = *DirectoryStore::open(root);
  EXPECT_EQ(store->list("", [](const auto&) { return true; }).error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(store->put_new("a", "x", {}, "text/plain").error().message, HasSubstr(root.string()));
  EXPECT_TRUE(*store->ensure_bucket());
  EXPECT_FALSE(*store->ensure_bucket());
  EXPECT_TRUE(store->put_new("a", "x", {}, "text/plain"));
}

TEST(DirectoryStoreRoot, AFileInItsPlaceIsRefused) {
  const support::TemporaryFolder folder;
  const fs::path root = folder.path() / "file";
  std::ofstream(root) << "x";
  EXPECT_EQ((*DirectoryStore::open(root))->ensure_bucket().error().kind, ErrorKind::bad_input);
}

}  // namespace
}  // namespace sdp::store
