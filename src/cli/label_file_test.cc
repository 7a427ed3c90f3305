#include "cli/label_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

class Labels : public testing::Test {
 public:
  Labels() : folder_(fs::path(testing::TempDir()) / "sdp-labels") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Labels() override { fs::remove_all(folder_); }
  fs::path path() const { return folder_ / "labels.ndjson"; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

 private:
  fs::path folder_;
};

TEST_F(Labels, DoNotTakeThePlaceOfAPipeOrAFolder) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const auto refused = LabelFile::open(path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::cannot_write);
  EXPECT_TRUE(fs::is_fifo(path()));
  EXPECT_EQ(files(), 1);
  EXPECT_FALSE(LabelFile::open(path().parent_path()));
}

TEST_F(Labels, HaveTheirNameOnceTheyAreWhole) {
  auto labels = LabelFile::open(path());
  ASSERT_TRUE(labels) << labels.error().message;
  ASSERT_TRUE(labels->append(std::string(100'000, 'x')));
  ASSERT_TRUE(labels->append("the end\n"));
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_TRUE(labels->finish());
  EXPECT_EQ(fs::file_size(path()), 100'008);
  EXPECT_EQ(files(), 1);
}

TEST_F(Labels, OfARunThatFailsThereAreNone) {
  {
    auto labels = LabelFile::open(path());
    ASSERT_TRUE(labels);
    ASSERT_TRUE(labels->append("half"));
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(Labels, WithoutAFolderThereIsAnError) {
  const auto labels = LabelFile::open(path() / "nowhere");
  ASSERT_FALSE(labels);
  EXPECT_EQ(labels.error().kind, ErrorKind::cannot_write);
}

}  // namespace
}  // namespace sdp::cli
