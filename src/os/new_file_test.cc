#include "os/new_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sdp::os {
namespace {

namespace fs = std::filesystem;

class NewFiles : public testing::Test {
 public:
  NewFiles() : folder_(fs::path(testing::TempDir()) / "sdp-new-file") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~NewFiles() override { fs::remove_all(folder_); }
  const fs::path& folder() const { return folder_; }
  fs::path path() const { return folder_ / "file.ndjson"; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

 private:
  fs::path folder_;
};

TEST_F(NewFiles, DoNotTakeThePlaceOfAPipeOrAFolder) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const auto refused = NewFile::open(path(), 0644);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::cannot_write);
  EXPECT_TRUE(fs::is_fifo(path()));
  EXPECT_EQ(files(), 1);
  EXPECT_FALSE(NewFile::open(path().parent_path(), 0644));
}

TEST_F(NewFiles, HaveTheirNameOnceTheyAreWhole) {
  auto file = NewFile::open(path(), 0644);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->append("begin\n"));
  ASSERT_TRUE(file->append(std::string(100'000, 'x')));
  ASSERT_TRUE(file->append("the end\n"));
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_TRUE(file->finish());
  std::ifstream written(path());
  const std::string text{std::istreambuf_iterator<char>(written), {}};
  EXPECT_EQ(text, "begin\n" + std::string(100'000, 'x') + "the end\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(NewFiles, OfWhatIsNotFinishedNothingIsLeft) {
  {
    auto file = NewFile::open(path(), 0644);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("half"));
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(NewFiles, OneAtATimeIsMadeAndWhoWaitsInVainIsToldSo) {
  auto first = NewFile::open(path(), 0644);
  ASSERT_TRUE(first && first->append("whole"));
  const auto second = NewFile::open(path(), 0644, std::chrono::milliseconds(20));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::fenced);
  EXPECT_NE(second.error().message.find(path().string()), std::string::npos) << second.error().message;
  ASSERT_TRUE(first->finish());
  EXPECT_TRUE(NewFile::open(path(), 0644, std::chrono::milliseconds(0)));
}

TEST_F(NewFiles, WhatAKilledProcessLeftIsReplacedWhateverItIs) {
  const fs::path left = path().string() + ".new";
  std::ofstream(left) << "of a killed process";
  ASSERT_TRUE(NewFile::open(path(), 0644));
  ASSERT_EQ(::mkfifo(left.c_str(), 0600), 0);
  ASSERT_TRUE(NewFile::open(path(), 0644));
  fs::create_symlink(folder() / "elsewhere", left);
  auto file = NewFile::open(path(), 0644);
  ASSERT_TRUE(file && file->append("text") && file->finish());
  EXPECT_FALSE(fs::exists(folder() / "elsewhere"));
  EXPECT_EQ(files(), 1);
  fs::create_directory(left);
  EXPECT_EQ(NewFile::open(path(), 0644).error().kind, ErrorKind::bad_input);
}

TEST_F(NewFiles, WithoutAFolderThereIsAnError) {
  const auto file = NewFile::open(path() / "nowhere", 0644);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::cannot_write);
}

}  // namespace
}  // namespace sdp::os
