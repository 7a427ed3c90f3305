#include "os/memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

namespace sdp::os {
namespace {

namespace fs = std::filesystem;

class UsableMemory : public testing::Test {
 protected:
  UsableMemory() { fs::remove_all(root_); }
  ~UsableMemory() override { fs::remove_all(root_); }

  void write(std::string_view name, std::string_view text) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  fs::path root_ = fs::temp_directory_path() / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(UsableMemory, IsThatOfTheMachineWithoutALimit) {
  write("proc/meminfo", "MemFree:  5 kB\nMemTotal:       2048 kB\n");
  EXPECT_EQ(usable_memory(root_), 2048 * 1024);
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(usable_memory(root_), 2048 * 1024);
}

TEST_F(UsableMemory, IsTheLowestLimitOfTheGroupsAbove) {
  write("proc/meminfo", "MemTotal: 2048 kB\n");
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/memory.max", "4096\n");
  write("sys/fs/cgroup/a/b/memory.max", "8192\n");
  EXPECT_EQ(usable_memory(root_), 4096);
}

TEST_F(UsableMemory, IsTheLimitAtTheTopInAContainer) {
  write("proc/meminfo", "MemTotal: 2048 kB\n");
  write("proc/self/cgroup", "0::/../outside\n");
  write("sys/fs/cgroup/memory.max", "5000\n");
  EXPECT_EQ(usable_memory(root_), 5000);
}

TEST_F(UsableMemory, KnowsTheOldGroups) {
  write("proc/meminfo", "MemTotal: 2048 kB\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n");
  EXPECT_EQ(usable_memory(root_), 6000);
}

TEST_F(UsableMemory, IsNotToldWhereNothingTellsIt) {
  EXPECT_EQ(usable_memory(root_), std::nullopt);
  write("proc/meminfo", "nothing\n");
  EXPECT_EQ(usable_memory(root_), std::nullopt);
}

TEST_F(UsableMemory, IsToldOfThisMachine) {
  EXPECT_GT(usable_memory().value_or(0), std::uint64_t{64} << 20);
}

}  // namespace
}  // namespace sdp::os
