#include "store/s3/credential_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::store::s3 {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Place = CredentialPlace;

Credentials keys() {
  return {.access_key = "AKIA", .secret_key = Secret("canary-secret")};
}

/// Everything that can be set, so that a test takes away what goes before.
struct Everything {
  S3Settings settings;
  LocalServers local{.are_meant = true, .place = "credentials.env of data", .credentials = keys()};
  Profile profile{.name = "default",
                  .files = "a and b",
                  .is_there = true,
                  .keys = keys(),
                  .region = "of-profile",
                  .other_source = ""};
  int profile_reads = 0;

  Everything() {
    settings.keys = keys();
    settings.aws.web_identity_token_file = "/token";
    settings.aws.role_arn = "arn:aws:iam::1:role/sink";
    settings.aws.container_path = "/v2/credentials";
    settings.aws.region = "of-variable";
    settings.aws.default_region = "of-default-variable";
    settings.region = "of-setting";
  }
  ProfileReader reader() {
    return [this]() -> Result<Profile> {
      ++profile_reads;
      return profile;
    };
  }
  Result<CredentialChoice> choose() { return choose_credentials(settings, local, reader()); }
  std::optional<Place> place() { return choose()->place; }
};

TEST(CredentialChain, TheOrderIsFixed) {
  Everything all;
  EXPECT_EQ(all.place(), Place::settings);
  all.settings.keys = {};
  EXPECT_EQ(all.place(), Place::local_servers);
  all.local = {.are_meant = false, .place = "credentials.env of data", .credentials = keys()};
  EXPECT_EQ(all.place(), Place::web_identity);
  all.settings.aws.web_identity_token_file = "";
  EXPECT_EQ(all.profile_reads, 0) << "files are read when their turn comes";
  EXPECT_EQ(all.place(), Place::profile);
  all.profile.keys = {};
  EXPECT_EQ(all.place(), Place::container);
  all.settings.aws.container_path = "";
  EXPECT_EQ(all.place(), Place::local_servers) << "a proxy in front of the local servers has another address";
  all.local.credentials.reset();
  EXPECT_EQ(all.place(), Place::instance);
  all.settings.aws.without_metadata = true;
  EXPECT_EQ(all.place(), std::nullopt);
}

TEST(CredentialChain, AllThatWasLookedAtIsTold) {
  Everything all;
  all.settings.keys = {};
  all.settings.aws = {};
  all.settings.aws.without_metadata = true;
  all.local = {.are_meant = true, .place = "credentials.env of data"};
  all.profile = {.name = "default", .files = "a and b"};
  const auto choice = all.choose();
  ASSERT_TRUE(choice);
  for (const char* place : {"AWS_ACCESS_KEY_ID", "credentials.env of data", "AWS_WEB_IDENTITY_TOKEN_FILE",
                            "profile default of a and b (not there)", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                            "AWS_EC2_METADATA_DISABLED"}) {
    EXPECT_THAT(choice->passed, Contains(HasSubstr(place)));
  }
  EXPECT_EQ(choice->passed.size(), 6);
}

TEST(CredentialChain, HalfOfAPairIsRefusedAndNamed) {
  const auto refused = [](auto change) {
    Everything all;
    all.local.are_meant = false;
    change(all);
    const auto choice = all.choose();
    if (choice) return std::string("was taken");
    EXPECT_EQ(choice.error().kind, ErrorKind::misconfigured);
    EXPECT_THAT(choice.error().message, Not(HasSubstr("canary")));
    return choice.error().message;
  };
  EXPECT_THAT(refused([](Everything& all) { all.settings.keys.secret_key = {}; }),
              HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  EXPECT_THAT(refused([](Everything& all) { all.settings.keys.access_key = ""; }),
              HasSubstr("AWS_ACCESS_KEY_ID is not"));
  EXPECT_THAT(refused([](Everything& all) {
                all.settings.keys = {};
                all.settings.aws.role_arn = "";
              }),
              HasSubstr("AWS_ROLE_ARN is not"));
  EXPECT_THAT(refused([](Everything& all) {
                all.settings.keys = {};
                all.settings.aws.web_identity_token_file = "";
                all.profile.keys.secret_key = {};
              }),
              AllOf(HasSubstr("aws_secret_access_key"), HasSubstr("a and b")));
}

TEST(CredentialChain, ARoleWithoutATokenIsPassedOver) {
  Everything all;
  all.settings.keys = {};
  all.local.are_meant = false;
  all.settings.aws.web_identity_token_file = "";
  EXPECT_EQ(all.place(), Place::profile);
}

TEST(CredentialChain, AProfileThatAsksForAnotherWayIsRefusedWithWhatToDo) {
  Everything all;
  all.settings.keys = {};
  all.local.are_meant = false;
  all.settings.aws.web_identity_token_file = "";
  all.profile.other_source = "sso_session";
  const auto choice = all.choose();
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(choice.error().message, AllOf(HasSubstr("profile default"), HasSubstr("sso_session"),
                                            HasSubstr("aws configure export-credentials --profile default")));
}

TEST(CredentialChain, TheRegionHasAnOrder) {
  Everything all;
  const auto region = [&] { return *choose_region(all.settings, all.local, all.reader()); };
  all.local.are_meant = false;
  EXPECT_EQ(region(), "of-setting");
  all.settings.region = "";
  EXPECT_EQ(region(), "of-variable");
  all.settings.aws.region = "";
  EXPECT_EQ(region(), "of-default-variable");
  all.settings.aws.default_region = "";
  EXPECT_EQ(region(), "of-profile");
  all.profile.region = "";
  EXPECT_EQ(region(), "us-east-1");
}

TEST(CredentialChain, TheLocalServersHaveTheirOwnRegion) {
  Everything all;
  all.settings.region = "";
  EXPECT_EQ(*choose_region(all.settings, all.local, all.reader()), "us-east-1");
  all.settings.region = "of-setting";
  EXPECT_EQ(*choose_region(all.settings, all.local, all.reader()), "of-setting");
}

TEST(CredentialChain, AContainersTokenGoesOnlyWhereNobodyReadsIt) {
  const auto url = [](std::string path, std::string full) {
    AwsSettings aws;
    aws.container_path = std::move(path);
    aws.container_url = std::move(full);
    return container_url(aws);
  };
  EXPECT_EQ(url("/v2/c?id=1", "")->origin(), "http://169.254.170.2");
  EXPECT_EQ(url("/v2/c?id=1", "")->path, "/v2/c?id=1");
  for (const char* full :
       {"https://credentials.example/c", "http://127.0.0.1:8080/c", "http://localhost/c", "http://[::1]:8/c",
        "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"}) {
    EXPECT_TRUE(url("", full)) << full;
  }
  for (const char* full : {"http://credentials.example/c", "http://127.example.com/c",
                           "http://169.254.169.254/c", "http://127.0.0.1@credentials.example/c",
                           "http://169.254.170.2.example.com/c", "ftp://127.0.0.1/c", "nonsense:1:2"}) {
    ASSERT_FALSE(url("", full)) << full;
    EXPECT_EQ(url("", full).error().kind, ErrorKind::misconfigured);
  }
  EXPECT_FALSE(url("@credentials.example/c", ""));
}

}  // namespace
}  // namespace sdp::store::s3
