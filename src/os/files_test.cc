#include "os/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

namespace sdp::os {
namespace {

using support::TemporaryFolder;

TEST(Files, MissingFileIsNothingAndNotAnError) {
  const TemporaryFolder folder;
  const auto text = read_file(folder.path() / "none");
  ASSERT_TRUE(text);
  EXPECT_FALSE(*text);
}

TEST(Files, WhatCannotBeReadIsAnErrorAndNoTail) {
  const support::TemporaryFolder folder;
  const auto text = read_file(folder.path());
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find(folder.path().string()), std::string::npos);
  EXPECT_EQ(tail_of(folder.path(), 10), "");
}

TEST(Files, FilesWithoutASizeAreReadToTheirEnd) {
  const auto text = read_file("/proc/self/status");
  ASSERT_TRUE(text && *text);
  EXPECT_TRUE((*text)->contains("VmRSS"));
}

TEST(Files, APipeWithoutAWriterIsEmptyAndHoldsUpNobody) {
  const TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe).value().value(), "");
}

TEST(Files, WriteReplacesWholeTextAndLeavesNoOtherFile) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "a", "a long text", 0644));
  ASSERT_TRUE(write_file(folder.path() / "a", "short", 0644));
  EXPECT_EQ(**read_file(folder.path() / "a"), "short");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, WriteDoesNotTakeThePlaceOfAPipeOrAFolder) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_folder(folder.path() / "folder"));
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  for (const char* name : {"folder", "pipe"}) {
    const auto refused = write_file(folder.path() / name, "text", 0644);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::cannot_write);
  }
  EXPECT_TRUE(std::filesystem::is_fifo(folder.path() / "pipe"));
  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "folder"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(Files, WhoeverReplacesAFileAtTheSameTimeReadersSeeAWholeOne) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a";
  const auto text_of = [](int writer) { return std::string(200'000, static_cast<char>('a' + writer)); };
  ASSERT_TRUE(write_file(path, text_of(0), 0644));
  constexpr int kWriters = 4;
  std::atomic<int> writing = kWriters;
  std::vector<std::string> failures(kWriters);
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int time = 0; time < 20 && failures[writer].empty(); ++time) {
        if (const auto written = write_file(path, text_of(writer), 0644); !written)
          failures[writer] = written.error().message;
      }
      --writing;
    });
  }
  std::set<std::string> seen;
  while (writing > 0) seen.insert(read_file(path).value().value_or("none"));
  writers.clear();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
  for (const std::string& text : seen)
    EXPECT_EQ(text, text_of(text.empty() ? 0 : text[0] - 'a')) << text.size() << " bytes";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, FolderThatCannotBeMadeSaysWhere) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "file", "", 0644));
  const auto made = make_folder(folder.path() / "file" / "below");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::cannot_write);
  EXPECT_NE(made.error().message.find("file/below"), std::string::npos);
}

TEST(Files, AssignmentsKeepWhatFollowsTheFirstEqualsSign) {
  const auto fields = parse_assignments("# comment=1\n\na=1\nb=x=y\nno equals\nlast=");
  EXPECT_EQ(fields, (std::map<std::string, std::string>{{"a", "1"}, {"b", "x=y"}, {"last", ""}}));
}

TEST(Files, TailStartsAtALine) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log";
  ASSERT_TRUE(write_file(path, "first line\nsecond\nthird\n", 0644));
  EXPECT_EQ(tail_of(path, 15), "second\nthird\n");
  EXPECT_EQ(tail_of(path, 1000), "first line\nsecond\nthird\n");
  EXPECT_EQ(tail_of(folder.path() / "none", 10), "");
}

TEST(Files, LogIsRotatedOnlyWhenTooBig) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log";
  ASSERT_TRUE(write_file(path, "12345", 0644));
  rotate_log(path, 5);
  EXPECT_TRUE(std::filesystem::exists(path));
  rotate_log(path, 4);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(**read_file(folder.path() / "log.1"), "12345");
}

}  // namespace
}  // namespace sdp::os
