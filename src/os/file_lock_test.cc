#include "os/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_folder.h"

namespace sdp::os {
namespace {

class FileLockTest : public testing::Test {
 protected:
  FileLock open() const { return FileLock::open(folder_.path() / "lock").value(); }

  support::TemporaryFolder folder_;
};

TEST_F(FileLockTest, IsHeldByOneUntilItEnds) {
  auto second = open();
  {
    auto first = open();
    EXPECT_TRUE(first.try_lock().value());
    EXPECT_FALSE(second.try_lock().value());
  }
  EXPECT_TRUE(second.try_lock().value());
}

TEST_F(FileLockTest, ReadersShareItAndMakeNoFile) {
  const auto path = folder_.path() / "lock";
  EXPECT_FALSE(FileLock::open_to_read(path).value());
  EXPECT_FALSE(std::filesystem::exists(path));
  auto writer = open();
  auto first = FileLock::open_to_read(path).value();
  auto second = FileLock::open_to_read(path).value();
  EXPECT_TRUE(first->try_lock_shared().value());
  EXPECT_TRUE(second->try_lock_shared().value());
  EXPECT_FALSE(writer.try_lock().value());
}

TEST_F(FileLockTest, MovingKeepsIt) {
  auto first = open();
  ASSERT_TRUE(first.try_lock().value());
  const FileLock moved = std::move(first);
  EXPECT_FALSE(open().try_lock().value());
}

TEST_F(FileLockTest, EndsWithAProcessThatDies) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = open();
    ::_exit(lock.try_lock().value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(open().try_lock().value());
}

TEST_F(FileLockTest, ANoteReplacesTheOneBefore) {
  auto lock = open();
  ASSERT_TRUE(lock.write_note("123456"));
  ASSERT_TRUE(lock.write_note("78"));
  EXPECT_EQ(open().read_note().value(), "78");
}

TEST_F(FileLockTest, AFileThatCannotBeMadeIsNamed) {
  const auto lock = FileLock::open(folder_.path() / "none" / "lock");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().message.find("none/lock"), std::string::npos);
}

}  // namespace
}  // namespace sdp::os
