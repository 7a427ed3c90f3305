#include "transform/work_dir.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace sdp::transform {
namespace {

constexpr std::chrono::milliseconds kAtOnce{0};

TEST(WorkDir, IsOfOneBuildAtATimeWhoMakesIt) {
  const support::TemporaryFolder folder;
  const auto work_dir = folder.path() / "data" / "transform";
  {
    const auto first = hold_work_dir(work_dir, kAtOnce);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = hold_work_dir(work_dir, kAtOnce);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::fenced);
    EXPECT_NE(second.error().message.find(work_dir.string()), std::string::npos) << second.error().message;
  }
  EXPECT_TRUE(hold_work_dir(work_dir, kAtOnce));
}

TEST(WorkDir, ReadersShareItAndSeeNoBuild) {
  const support::TemporaryFolder folder;
  const auto work_dir = folder.path() / "transform";
  {
    const auto nobody_built = hold_work_dir_to_read(work_dir, kAtOnce);
    ASSERT_TRUE(nobody_built);
    EXPECT_FALSE(*nobody_built);
    EXPECT_FALSE(std::filesystem::exists(work_dir));
  }
  ASSERT_TRUE(hold_work_dir(work_dir, kAtOnce));
  {
    const auto first = hold_work_dir_to_read(work_dir, kAtOnce);
    const auto second = hold_work_dir_to_read(work_dir, kAtOnce);
    ASSERT_TRUE(first && *first && second && *second);
    EXPECT_EQ(hold_work_dir(work_dir, kAtOnce).error().kind, ErrorKind::fenced);
  }
  const auto build = hold_work_dir(work_dir, kAtOnce);
  ASSERT_TRUE(build);
  EXPECT_EQ(hold_work_dir_to_read(work_dir, kAtOnce).error().kind, ErrorKind::fenced);
}

}  // namespace
}  // namespace sdp::transform
