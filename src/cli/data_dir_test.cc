#include "cli/data_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdarg>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "support/temporary_folder.h"

/// Called once, by the next who locks a file.
static std::function<void()> before_lock;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// In place of the C library's.
extern "C" int flock(int fd, int operation) noexcept {
  if (const auto step = std::exchange(before_lock, nullptr)) step();
  return static_cast<int>(::syscall(SYS_flock, fd, operation));
}

static int locks_opened = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// Likewise.
extern "C" int open(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (std::string_view(path).ends_with("/.lock")) ++locks_opened;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

namespace sdp::cli {
namespace {

class DataDirTest : public testing::Test {
 protected:
  support::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "data";
};

TEST_F(DataDirTest, IsHeldByOneAtATimeWhoIsNamed) {
  auto first = DataDir::open(path_);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = DataDir::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::fenced);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos)
      << second.error().message;
}

TEST_F(DataDirTest, IsFreeAgainAfterwards) {
  {
    ASSERT_TRUE(DataDir::open(path_));
  }
  EXPECT_TRUE(DataDir::open(path_));
}

TEST_F(DataDirTest, ReadersMakeNone) {
  const auto result = DataDir::open_to_read(path_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(result.error().message.find(path_.string()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(DataDir::open(path_));
  EXPECT_TRUE(DataDir::open_to_read(path_));
}

TEST_F(DataDirTest, ReadersChangeNothing) {
  ASSERT_TRUE(DataDir::open(path_));
  const auto before = std::filesystem::last_write_time(path_ / ".lock");
  std::filesystem::last_write_time(path_ / ".lock", before - std::chrono::hours(1));
  ASSERT_TRUE(DataDir::open_to_read(path_));
  EXPECT_EQ(std::filesystem::last_write_time(path_ / ".lock"), before - std::chrono::hours(1));
  std::filesystem::remove(path_ / ".lock");
  ASSERT_TRUE(DataDir::open_to_read(path_));
  EXPECT_TRUE(std::filesystem::is_empty(path_));
}

TEST_F(DataDirTest, ReadersShareItAndKeepWritersOut) {
  ASSERT_TRUE(DataDir::open(path_));
  {
    const auto first = DataDir::open_to_read(path_);
    const auto second = DataDir::open_to_read(path_);
    ASSERT_TRUE(first && second);
    const auto writer = DataDir::open(path_);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().kind, ErrorKind::fenced);
  }
  const auto writer = DataDir::open(path_);
  ASSERT_TRUE(writer);
  const auto reader = DataDir::open_to_read(path_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::fenced);
}

// Between opening and locking its lock: as `forget` and another run do it.
TEST_F(DataDirTest, AFolderThatWasRemovedAndMadeAgainMeanwhileIsNotHeldTwice) {
  ASSERT_TRUE(DataDir::open(path_));
  std::optional<Result<DataDir>> quicker;
  before_lock = [&] {
    std::filesystem::remove_all(path_);
    quicker.emplace(DataDir::open(path_));
  };
  const auto late = DataDir::open(path_);
  ASSERT_TRUE(quicker && *quicker);
  ASSERT_FALSE(late) << "two hold it";
  EXPECT_EQ(late.error().kind, ErrorKind::fenced);

  quicker.reset();
  before_lock = [&] {
    std::filesystem::remove_all(path_);
    quicker.emplace(DataDir::open(path_));
  };
  const auto reader = DataDir::open_to_read(path_);
  ASSERT_FALSE(reader) << "it reads what somebody writes";
  EXPECT_EQ(reader.error().kind, ErrorKind::fenced);
  EXPECT_EQ(DataDir::open_there(path_).error().kind, ErrorKind::fenced);
}

TEST_F(DataDirTest, AFolderThatWasRemovedMeanwhileIsMadeAgainByWritersAlone) {
  ASSERT_TRUE(DataDir::open(path_));
  const auto remove = [&] { std::filesystem::remove_all(path_); };
  before_lock = remove;
  EXPECT_EQ(DataDir::open_to_read(path_).error().kind, ErrorKind::misconfigured);
  ASSERT_TRUE(DataDir::open(path_));
  before_lock = remove;
  EXPECT_EQ(DataDir::open_there(path_).error().kind, ErrorKind::misconfigured);
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(DataDir::open(path_));
  before_lock = remove;
  EXPECT_TRUE(DataDir::open(path_));
  EXPECT_TRUE(std::filesystem::exists(path_ / ".lock"));
}

TEST_F(DataDirTest, OfAFolderThatIsThereNoneIsMade) {
  const auto missing = DataDir::open_there(path_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::misconfigured);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(DataDir::open_there(path_));
}

TEST_F(DataDirTest, WhatWillNotChangeIsAskedOnce) {
  std::filesystem::create_directories(path_ / ".lock");
  locks_opened = 0;
  const auto result = DataDir::open(path_);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find((path_ / ".lock").string()), std::string::npos);
  EXPECT_EQ(locks_opened, 1);
}

TEST_F(DataDirTest, ALockThatLeadsNowhereIsNamed) {
  std::filesystem::create_directories(path_);
  std::filesystem::create_symlink("none/there", path_ / ".lock");
  for (const auto& result : {DataDir::open(path_), DataDir::open_there(path_)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::cannot_write);
    EXPECT_NE(result.error().message.find((path_ / ".lock").string()), std::string::npos);
  }
}

TEST_F(DataDirTest, PlaceThatIsAFileIsNamed) {
  {
    std::ofstream(path_) << "not a folder";
  }
  const auto result = DataDir::open(path_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::cannot_write);
  EXPECT_NE(result.error().message.find(path_.string()), std::string::npos);
}

}  // namespace
}  // namespace sdp::cli
