#include "settings/env_file.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace sdp::settings {
namespace {

namespace fs = std::filesystem;

TEST(EnvText, NamesAndValuesAreReadAsTheyStand) {
  const auto variables = parse_env(
      "# a comment\n\nSNOWFLAKE_USER=me\r\n  export SNOWFLAKE_PASSWORD = 'a#b = \"c\"' \nEMPTY=\nQ=\"x "
      "y\"\nLAST=$HOME");
  ASSERT_TRUE(variables);
  std::map<std::string, std::string> values;
  for (const auto& [name, line] : *variables) values[name] = line.value;
  const std::map<std::string, std::string> wanted{{"SNOWFLAKE_USER", "me"},
                                                  {"SNOWFLAKE_PASSWORD", "a#b = \"c\""},
                                                  {"EMPTY", ""},
                                                  {"Q", "x y"},
                                                  {"LAST", "$HOME"}};
  EXPECT_EQ(values, wanted);
  EXPECT_EQ(variables->at("SNOWFLAKE_PASSWORD").line, 4);
}

TEST(EnvText, LineThatIsNoAssignmentIsToldByItsNumberOnly) {
  for (const std::string_view line : {"hunter2", "=hunter2", "1A=hunter2", "A B=hunter2"}) {
    const auto variables = parse_env(fmt::format("A=b\n{}\n", line));
    ASSERT_FALSE(variables) << line;
    EXPECT_EQ(variables.error().kind, ErrorKind::misconfigured);
    EXPECT_NE(variables.error().message.find("line 2"), std::string::npos) << variables.error().message;
    EXPECT_EQ(variables.error().message.find("hunter2"), std::string::npos) << variables.error().message;
  }
}

class EnvFileTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : {"SNOWFLAKE_USER", "SNOWFLAKE_PASSWORD", "OTHERS_TEST_A"}) ::unsetenv(name);
  }
  void write(std::string_view text, fs::perms perms) const {
    std::ofstream(path_) << text;
    fs::permissions(path_, perms);
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

TEST_F(EnvFileTest, MissingFileIsNamed) {
  const auto loaded = load_env_file(path_);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find(path_.string()), std::string::npos) << loaded.error().message;
}

}  // namespace
}  // namespace sdp::settings
