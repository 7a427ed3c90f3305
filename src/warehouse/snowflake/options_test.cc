#include "warehouse/snowflake/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::warehouse::snowflake {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

SnowflakeOptions valid() {
  SnowflakeOptions options;
  options.account = "org-account";
  options.user = "pipeline";
  options.password = Secret("hunter2");
  return options;
}

Error refused(const SnowflakeOptions& options) {
  const auto session = session_options(options);
  EXPECT_FALSE(session);
  return session ? Error{} : session.error();
}

std::string write_key(const support::TemporaryFolder& folder, std::string_view text) {
  const auto path = folder.path() / "key";
  std::ofstream(path) << text;
  return path;
}

TEST(SnowflakeOptions, WhatIsMissingIsNamedByItsVariable) {
  auto options = valid();
  options.account.clear();
  EXPECT_THAT(refused(options).message, HasSubstr("SNOWFLAKE_ACCOUNT"));
  options = valid();
  options.user.clear();
  EXPECT_THAT(refused(options).message, HasSubstr("SNOWFLAKE_USER"));
  options = valid();
  options.password = Secret();
  EXPECT_THAT(refused(options).message, HasSubstr("SNOWFLAKE_PASSWORD or SNOWFLAKE_PRIVATE_KEY_FILE"));
  EXPECT_EQ(refused(options).kind, ErrorKind::misconfigured);
}

// The session then has the user's own.
TEST(SnowflakeOptions, RoleAndWarehouseAreAskedForOnlyWhenSet) {
  const auto names = [](const SnowflakeOptions& options) {
    const auto session = session_options(options);
    EXPECT_TRUE(session);
    std::vector<std::string> found;
    for (const auto& [option, text] : session->options) found.push_back(option);
    return found;
  };
  auto options = valid();
  EXPECT_THAT(names(options), Not(Contains("adbc.snowflake.sql.role")));
  EXPECT_THAT(names(options), Not(Contains("adbc.snowflake.sql.warehouse")));
  options.role = "SPOTIFY_PIPELINE";
  options.warehouse = "SPOTIFY_WH";
  EXPECT_THAT(names(options), Contains("adbc.snowflake.sql.role"));
  EXPECT_THAT(names(options), Contains("adbc.snowflake.sql.warehouse"));
}

TEST(SnowflakeOptions, TimeLimitsReachTheDriver) {
  auto options = valid();
  options.login_timeout = std::chrono::seconds(7);
  options.request_timeout = std::chrono::seconds(9);
  const auto session = session_options(options);
  ASSERT_TRUE(session) << session.error().message;
  const auto value = [&](std::string_view name) {
    for (const auto& [option, text] : session->options) {
      if (option == name) return text;
    }
    return std::string();
  };
  EXPECT_EQ(value("adbc.snowflake.sql.client_option.login_timeout"), "7s");
  EXPECT_EQ(value("adbc.snowflake.sql.client_option.request_timeout"), "9s");
}

TEST(SnowflakeOptions, NamesThatNeedQuotesAreRefused) {
  for (const std::string name : {"", "1DB", "a-b", "db; DROP DATABASE x", "\"db\"", "db name", "d.b"}) {
    auto options = valid();
    options.database = name;
    EXPECT_THAT(refused(options).message, HasSubstr("SNOWFLAKE_DATABASE")) << name;
  }
}

TEST(SnowflakeOptions, PasswordsGoOverTlsOnly) {
  auto options = valid();
  options.protocol = "http";
  EXPECT_EQ(refused(options).kind, ErrorKind::misconfigured) << "to the account's own address";
  options.host = "192.0.2.1";
  EXPECT_EQ(refused(options).kind, ErrorKind::misconfigured);
  options.host = "127.0.0.1";
  EXPECT_TRUE(session_options(options));
  options.protocol = "ftp";
  EXPECT_EQ(refused(options).kind, ErrorKind::misconfigured);
}

TEST(SnowflakeOptions, SecretsAreKeptAsSecrets) {
  const auto session = session_options(valid());
  ASSERT_TRUE(session);
  for (const auto& [name, value] : session->options)
    EXPECT_EQ(value.find("hunter2"), std::string::npos) << name;
  ASSERT_EQ(session->secret_options.size(), 1u);
  EXPECT_EQ(session->secret_options.front().second.reveal(), "hunter2");
}

TEST(SnowflakeOptions, KeyPairsTakeThePlaceOfPasswords) {
  const support::TemporaryFolder folder;
  auto options = valid();
  options.private_key_file =
      write_key(folder, "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n");
  options.private_key_passphrase = Secret("opensesame");
  const auto session = session_options(options);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_THAT(session->options, Contains(Pair("adbc.snowflake.sql.auth_type", "auth_jwt")));
  ASSERT_EQ(session->secret_options.size(), 2u);
  EXPECT_EQ(session->secret_options[1].second.reveal(), "opensesame");
}

TEST(SnowflakeOptions, FilesThatAreNoKeysAreRefusedWithoutBeingShown) {
  const support::TemporaryFolder folder;
  auto options = valid();
  options.private_key_file = write_key(folder, "-----BEGIN RSA PRIVATE KEY-----\nabc\n");
  EXPECT_THAT(refused(options).message, HasSubstr("openssl pkcs8"));
  options.private_key_file = write_key(folder, "my diary");
  EXPECT_THAT(refused(options).message, testing::Not(HasSubstr("diary")));
  std::filesystem::remove(options.private_key_file);
  EXPECT_THAT(refused(options).message, HasSubstr("cannot be read"));
}

TEST(SnowflakeOptions, AMissingDriverIsSaidBeforeAnythingIsSent) {
  auto options = valid();
  options.driver_path = "/nowhere/driver.so";
  const auto warehouse = SnowflakeWarehouse::open(options, base::system_clock());
  ASSERT_FALSE(warehouse);
  EXPECT_EQ(warehouse.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(warehouse.error().message,
              testing::AllOf(HasSubstr("/nowhere/driver.so"), HasSubstr("tools/setup snowflake")));
}

TEST(SnowflakeOptions, DescriptionsHaveNoSecret) {
  auto options = valid();
  options.driver_path = "/bin/sh";
  const auto warehouse = SnowflakeWarehouse::open(options, base::system_clock());
  ASSERT_TRUE(warehouse);
  EXPECT_EQ((*warehouse)->describe(), "Snowflake org-account, database SPOTIFY_DB");
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
