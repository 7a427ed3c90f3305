#include "transform/work_dir.h"

#include <gtest/gtest.h>

#include <fstream>

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

TEST(WorkDir, HasOnlyItsOwnFiles) {
  const support::TemporaryFolder folder;
  for (const std::string_view name : kWorkFileNames) std::ofstream(folder.path() / name) << "x";
  for (const std::string_view name : {".lock", "notes.txt", "other.log"})
    std::ofstream(folder.path() / name) << "x";
  const auto files = files_of_work_dir(folder.path());
  ASSERT_EQ(files.size(), kWorkFileNames.size());
  for (std::size_t at = 0; at < files.size(); ++at) EXPECT_EQ(files[at], folder.path() / kWorkFileNames[at]);
  EXPECT_TRUE(files_of_work_dir(folder.path() / "none").empty());
}

}  // namespace
}  // namespace sdp::transform
