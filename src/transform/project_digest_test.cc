#include "transform/project_digest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

class ProjectDigest : public testing::Test {
 protected:
  ProjectDigest() {
    fs::remove_all(folder_);
    write("dbt", "");
    write("project/dbt_project.yml", "name: p\n");
    write("project/models/a.sql", "select 1\n");
    options_.dbt_path = folder_ / "dbt";
    options_.project_dir = folder_ / "project";
  }
  ~ProjectDigest() override { fs::remove_all(folder_); }

  void write(std::string_view name, std::string_view text) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  fs::path folder_ =
      fs::temp_directory_path() / testing::UnitTest::GetInstance()->current_test_info()->name();
  TransformOptions options_;
};

TEST_F(ProjectDigest, ChangesWithTheTextOfAFile) {
  const auto before = project_digest(options_);
  ASSERT_TRUE(before);
  EXPECT_EQ(project_digest(options_), before);
  write("project/models/a.sql", "select 2\n");
  EXPECT_NE(project_digest(options_), before);
  write("project/models/a.sql", "select 1\n");
  EXPECT_EQ(project_digest(options_), before);
}

TEST_F(ProjectDigest, ChangesWithTheMapping) {
  const auto before = project_digest(options_);
  options_.mapping_digest = "abc";
  const auto mapped = project_digest(options_);
  EXPECT_NE(mapped, before);
  options_.mapping_digest = "abd";
  EXPECT_NE(project_digest(options_), mapped);
}

TEST_F(ProjectDigest, ChangesWithANameAndWithDbt) {
  const auto before = project_digest(options_);
  fs::rename(folder_ / "project/models/a.sql", folder_ / "project/models/b.sql");
  EXPECT_NE(project_digest(options_), before);
  fs::rename(folder_ / "project/models/b.sql", folder_ / "project/models/a.sql");
  write("other/dbt", "");
  options_.dbt_path = folder_ / "other/dbt";
  EXPECT_NE(project_digest(options_), before);
}

TEST_F(ProjectDigest, LeavesOutWhatDbtLeavesThere) {
  const auto before = project_digest(options_);
  write("project/target/manifest.json", "{}");
  write("project/logs/dbt.log", "a line");
  write("project/.user.yml", "id: 1");
  EXPECT_EQ(project_digest(options_), before);
  write("project/models/target/a.sql", "select 1");
  EXPECT_NE(project_digest(options_), before);
}

TEST_F(ProjectDigest, IsNotToldWithoutDbtOrProject) {
  options_.dbt_path = folder_ / "none";
  EXPECT_FALSE(project_digest(options_));
  options_.dbt_path = folder_ / "dbt";
  options_.project_dir = folder_ / "none";
  EXPECT_FALSE(project_digest(options_));
}

TEST_F(ProjectDigest, IsNotToldOfMoreThanAProjectHas) {
  fs::resize_file(folder_ / "project/models/a.sql", std::uintmax_t{33} << 20);
  EXPECT_FALSE(project_digest(options_));
}

}  // namespace
}  // namespace sdp::transform
