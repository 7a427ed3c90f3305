#include "settings/env_file.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "settings/table.h"
#include "support/temporary_folder.h"

namespace sdp::settings {
namespace {

namespace fs = std::filesystem;

class EnvFileTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : {"SNOWFLAKE_USER", "SNOWFLAKE_PASSWORD", "OTHERS_TEST_A", "SDP_DEPS_DIR",
                             "KAFKA_TOPIC", "KAFDROP_PORT", "MINIO_ROOT_PASSWORD"})
      ::unsetenv(name);
  }
  void write(std::string_view text, fs::perms perms) const {
    std::ofstream(path_) << text;
    fs::permissions(path_, perms);
  }
  /// Why a file of this text is refused; empty when it is taken.
  std::string refusal(std::string_view text, fs::perms perms) const {
    write(text, perms);
    const auto loaded = load_env_file(path_);
    return loaded ? "" : loaded.error().message;
  }
  static std::string value(const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr ? text : "(none)";
  }

  support::TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "env";
};

constexpr auto kOwner = fs::perms::owner_read | fs::perms::owner_write;
constexpr auto kEverybody = kOwner | fs::perms::group_read | fs::perms::others_read;

TEST_F(EnvFileTest, SetsOurVariablesAndNobodyElses) {
  write("SNOWFLAKE_USER=1\nSNOWFLAKE_PASSWORD=p\nOTHERS_TEST_A=2\n", kOwner);
  ASSERT_TRUE(load_env_file(path_));
  EXPECT_EQ(value("SNOWFLAKE_USER"), "1");
  EXPECT_EQ(value("SNOWFLAKE_PASSWORD"), "p");
  EXPECT_EQ(value("OTHERS_TEST_A"), "(none)");
}

TEST_F(EnvFileTest, TheStacksOwnMakeNoFileOursAndAreReadFromOneThatIs) {
  write("KAFDROP_PORT=9100\n", kOwner);
  ASSERT_TRUE(load_env_file(path_));
  EXPECT_EQ(value("KAFDROP_PORT"), "(none)");
  write("SNOWFLAKE_USER=1\nKAFDROP_PORT=9000\nKAFDROP_PORT=9100\n", kOwner);
  ASSERT_TRUE(load_env_file(path_));
  EXPECT_EQ(value("KAFDROP_PORT"), "9100");
}

TEST_F(EnvFileTest, ASecretOfTheStackIsOneUnlessItIsToBeGenerated) {
  const std::string ours = "KAFKA_TOPIC=events\n";
  EXPECT_EQ(refusal(ours + "MINIO_ROOT_PASSWORD=generate\n", kEverybody), "");
  EXPECT_THAT(refusal(ours + "MINIO_ROOT_PASSWORD=hunter2\n", kEverybody),
              testing::HasSubstr("holds MINIO_ROOT_PASSWORD"));
}

TEST_F(EnvFileTest, WhatTheEnvironmentHasStays) {
  ::setenv("SNOWFLAKE_USER", "given", 1);
  write("SNOWFLAKE_USER=1\n", kOwner);
  ASSERT_TRUE(load_env_file(path_));
  EXPECT_EQ(value("SNOWFLAKE_USER"), "given");
}

TEST_F(EnvFileTest, SecretsThatOthersCanReadAreRefused) {
  write("SNOWFLAKE_PASSWORD=hunter2\n", kEverybody);
  const auto loaded = load_env_file(path_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::misconfigured);
  EXPECT_NE(loaded.error().message.find("chmod 600"), std::string::npos) << loaded.error().message;
  EXPECT_EQ(loaded.error().message.find("hunter2"), std::string::npos) << loaded.error().message;
  EXPECT_EQ(value("SNOWFLAKE_PASSWORD"), "(none)");
}

TEST_F(EnvFileTest, SettingsWithoutSecretsMayBeReadByAll) {
  write("SNOWFLAKE_USER=1\nSNOWFLAKE_PASSWORD=\nOTHERS_TEST_SECRET=x\n", kEverybody);
  ASSERT_TRUE(load_env_file(path_));
  EXPECT_EQ(value("SNOWFLAKE_USER"), "1");
}

TEST_F(EnvFileTest, OnlyLinesOfOursCanBeWrong) {
  EXPECT_EQ(refusal("OTHERS='x\nKAFKA_TOPIC=t\n", kOwner), "");
  EXPECT_EQ(value("KAFKA_TOPIC"), "t");
  EXPECT_EQ(refusal("OTHERS=1\nSNOWFLAKE_USER='x\n", kOwner),
            path_.string() + ":2: SNOWFLAKE_USER has a quote that is not closed");
}

TEST_F(EnvFileTest, AFileThatSetsNothingOfOursIsLeftAlone) {
  for (const char* text : {"", "OTHERS_TEST_A='", "KAFKA_TOPIC\nKAFKA_TOPIC is a name\n",
                           "\x7f"
                           "ELF"})
    EXPECT_EQ(refusal(text, kEverybody | fs::perms::others_write), "") << text;
}

TEST_F(EnvFileTest, AFileThatOthersCanWriteIsRefused) {
  for (const auto perms : {fs::perms::others_write, fs::perms::group_write}) {
    EXPECT_THAT(refusal("KAFKA_TOPIC=t\n", kOwner | perms), testing::HasSubstr("chmod go-w"));
    EXPECT_EQ(value("KAFKA_TOPIC"), "(none)");
  }
}

TEST_F(EnvFileTest, NoFileNamesAProgram) {
  for (const Setting& setting : table()) {
    if (!setting.names_program) continue;
    EXPECT_THAT(refusal(fmt::format("KAFKA_TOPIC=t\n{}=/x\n", setting.variable), kOwner),
                testing::HasSubstr(fmt::format(":2: {} ", setting.variable)));
    EXPECT_EQ(value("KAFKA_TOPIC"), "(none)");
    EXPECT_EQ(refusal(fmt::format("{}=\n", setting.variable), kOwner), "");
  }
}

TEST_F(EnvFileTest, AFolderAPipeAndALargeFileAreNoSettings) {
  fs::create_directory(path_);
  EXPECT_FALSE(load_env_file(path_));
  fs::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(load_env_file(path_));
  fs::remove(path_);
  EXPECT_NE(refusal("KAFKA_TOPIC=t\n#" + std::string(std::size_t{2} << 20, 'x'), kOwner), "");
}

TEST_F(EnvFileTest, MissingFileIsNamed) {
  const auto loaded = load_env_file(path_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message,
            "there is no settings file " + path_.string() + "; SPOTIFY_ENV_FILE names it");
}

}  // namespace
}  // namespace sdp::settings
