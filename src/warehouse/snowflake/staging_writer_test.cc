#include "warehouse/snowflake/staging_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "lake/compression.h"
#include "support/temporary_folder.h"

namespace sdp::warehouse::snowflake {
namespace {

class StagingWriterTest : public testing::Test {
 protected:
  static FetchedObject object(log::Offset first, const std::vector<std::optional<std::string>>& values) {
    FetchedObject fetched;
    fetched.key = "bronze/object'" + std::to_string(first);
    fetched.meta.topic = "t";
    fetched.meta.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), 0};
    fetched.meta.range = {first, first + static_cast<log::Offset>(values.size())};
    fetched.meta.records = static_cast<std::int64_t>(values.size());
    lake::LineEncoder encoder;
    for (const auto& value : values) {
      log::RecordView record;
      record.offset = first++;
      if (value) record.value = *value;
      if (encoder.append(fetched.lines, record)) ++fetched.meta.rejected;
    }
    return fetched;
  }
  /// All lines of all files, in the order of the files' names.
  static std::vector<nlohmann::json> lines(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<nlohmann::json> found;
    for (const auto& path : files) {
      std::ifstream file(path, std::ios::binary);
      const std::string body{std::istreambuf_iterator<char>(file), {}};
      const auto text = lake::decompress(lake::Compression::zstd, body, lake::kObjectBytesMax);
      EXPECT_TRUE(text);
      std::istringstream stream(*text);
      for (std::string line; std::getline(stream, line);) found.push_back(nlohmann::json::parse(line));
    }
    return found;
  }

  support::TemporaryFolder temporary_;
  std::filesystem::path parent_ = temporary_.path();
};

TEST_F(StagingWriterTest, LinesNameTheirObjectByNumberAndPayloadsAreStrings) {
  const auto folder = StagingFolder::make(parent_);
  ASSERT_TRUE(folder);
  StagingWriter writer(folder->path());
  ASSERT_TRUE(writer.write(object(5, {R"({"a":"\"1\""})"})));
  ASSERT_TRUE(writer.write(object(6, {"bad", std::nullopt})));
  ASSERT_TRUE(writer.finish());
  const auto found = lines(folder->path());
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(writer.lines(), 5u);
  EXPECT_EQ(found[0]["o"], 0);
  EXPECT_EQ(found[0]["object_key"], "bronze/object'5");
  EXPECT_EQ(found[1]["e"], 0);
  EXPECT_EQ(found[1]["offset"], 5);
  EXPECT_EQ(found[1]["payload"], R"({"a":"\"1\""})");
  EXPECT_FALSE(found[1].contains("key")) << "NULL is left out";
  EXPECT_EQ(found[2]["o"], 1);
  EXPECT_EQ(found[3]["r"], 1);
  EXPECT_EQ(found[3]["code"], "not_json");
  EXPECT_EQ(found[3]["raw"], "YmFk");
  EXPECT_EQ(found[4]["code"], "tombstone");
  EXPECT_FALSE(found[4].contains("raw"));
}

TEST_F(StagingWriterTest, FilesAreBoundedAndManyObjectsShareOne) {
  const auto folder = StagingFolder::make(parent_);
  ASSERT_TRUE(folder);
  StagingWriter writer(folder->path());
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(writer.write(object(i, {R"({"a":1})"})));
  const std::string large = R"({"a":")" + std::string(6'000'000, 'x') + R"("})";
  for (int i = 500; i < 504; ++i) ASSERT_TRUE(writer.write(object(i, {large})));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(writer.files(), 2u);
  EXPECT_GT(writer.bytes(), 24'000'000u);
  EXPECT_EQ(lines(folder->path()).size(), 1'008u);
}

TEST_F(StagingWriterTest, NoLineIsLargerThanSnowflakeTakes) {
  // What grows most: quotes in a payload and in a header's name, and control characters in a key.
  constexpr std::size_t kSnowflakeBytesMax = std::size_t{16} << 20;
  FetchedObject fetched = object(0, {"{}"});
  const auto set_line = [&](std::size_t bytes) {
    const std::string key(100'000, '\x01');
    const std::string header(100'000, '"');
    const std::vector<log::HeaderView> headers = {{header, std::nullopt}};
    log::RecordView record;
    record.key = key;
    record.headers = headers;
    const auto encode = [&](const std::string& value) {
      record.value = value;
      fetched.lines.clear();
      lake::LineEncoder().append(fetched.lines, record);
    };
    encode(R"({"":0})");
    std::string name;
    for (std::size_t at = fetched.lines.size() - 1; at + 1 < bytes; at += 2) name += R"(\")";
    encode("{\"" + name + "\":0}");
  };
  set_line(lake::kBronzeLineBytesMax);
  ASSERT_GT(fetched.lines.size(), lake::kBronzeLineBytesMax - 2);
  const auto folder = StagingFolder::make(parent_);
  StagingWriter writer(folder->path());
  ASSERT_TRUE(writer.write(fetched));
  ASSERT_EQ(writer.objects().front().too_large, 0u);
  ASSERT_TRUE(writer.finish());
  EXPECT_GT(writer.bytes(), lake::kBronzeLineBytesMax * 19 / 10) << "the test does what it says";
  EXPECT_LT(writer.bytes(), kSnowflakeBytesMax * 95 / 100);
}

TEST_F(StagingWriterTest, DamagedObjectsAreNamed) {
  const auto folder = StagingFolder::make(parent_);
  ASSERT_TRUE(folder);
  StagingWriter writer(folder->path());
  FetchedObject damaged = object(5, {"{}", "{}"});
  damaged.lines.resize(damaged.lines.size() - 3);
  const auto written = writer.write(damaged);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(written.error().message, testing::HasSubstr("bronze/object'5 line 2"));
}

TEST_F(StagingWriterTest, FoldersAreOursAloneAndVanish) {
  std::filesystem::path path;
  {
    const auto folder = StagingFolder::make(parent_);
    ASSERT_TRUE(folder);
    path = folder->path();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StagingWriterTest, FoldersOfDeadProcessesAreRemovedAndOthersAreNot) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const auto left_over = parent_ / ("spotify-staging-" + std::to_string(dead) + "-abcdef");
  const auto of_init = parent_ / "spotify-staging-1-abcdef";
  const auto foreign = parent_ / "spotify-staging-notes";
  for (const auto& path : {left_over, of_init, foreign}) std::filesystem::create_directories(path / "x");
  const auto folder = StagingFolder::make(parent_);
  ASSERT_TRUE(folder);
  EXPECT_FALSE(std::filesystem::exists(left_over));
  EXPECT_TRUE(std::filesystem::exists(of_init));
  EXPECT_TRUE(std::filesystem::exists(foreign));
}

/// In a container that shares the folder, a process id means another process or none.
TEST_F(StagingWriterTest, AFolderInUseStaysWhateverProcessItsNameSays) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const auto theirs = StagingFolder::make(parent_);
  ASSERT_TRUE(theirs);
  const auto name = parent_ / ("spotify-staging-" + std::to_string(dead) + "-abcdef");
  std::filesystem::rename(theirs->path(), name);
  ASSERT_TRUE(StagingFolder::make(parent_));
  EXPECT_TRUE(std::filesystem::exists(name));
}

TEST_F(StagingWriterTest, AFolderThatIsNotThereIsNamed) {
  const auto folder = StagingFolder::make(parent_ / "missing");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, ErrorKind::cannot_write);
  EXPECT_THAT(folder.error().message, testing::HasSubstr("missing"));
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
