#include "os/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace sdp::os {
namespace {

bool is_dev_null(int descriptor) {
  struct stat wanted{};
  struct stat found{};
  return ::stat("/dev/null", &wanted) == 0 && ::fstat(descriptor, &found) == 0 && S_ISCHR(found.st_mode) &&
         found.st_rdev == wanted.st_rdev;
}

/// In a process of its own, since the test needs its own streams: 0 when all is well.
int in_child(const std::vector<int>& closed) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int descriptor : closed) ::close(descriptor);
    if (!open_standard_streams()) ::_exit(1);
    for (const int descriptor : closed) {
      if (!is_dev_null(descriptor)) ::_exit(2);
    }
    ::_exit(::open("/dev/zero", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardStreams, ClosedOnesAreOpenedOnDevNull) {
  for (const auto& closed : std::vector<std::vector<int>>{{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}})
    EXPECT_EQ(in_child(closed), 0) << "closed: " << ::testing::PrintToString(closed);
}

TEST(StandardStreams, OpenOnesStayAsTheyAre) {
  struct stat before{};
  struct stat after{};
  ASSERT_EQ(::fstat(STDERR_FILENO, &before), 0);
  ASSERT_TRUE(open_standard_streams());
  ASSERT_EQ(::fstat(STDERR_FILENO, &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_rdev, after.st_rdev);
}

}  // namespace
}  // namespace sdp::os
