#include "store/s3/aws_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::store::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kCredentials = R"(
# by hand
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key=secret/of+default=

[work] ; a comment
  AWS_ACCESS_KEY_ID = AKIAWORK
  aws_secret_access_key = secret-of-work   # another
  aws_session_token = token-of-work
)";

constexpr std::string_view kConfig = R"(
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
  region = nested-and-not-ours

[profile work]
region = eu-central-1
output = json

[profile "two words"]
region = us-west-2

[sso-session corp]
region = nobody-s
)";

Profile profile_of(std::string_view name, std::string_view credentials = kCredentials,
                   std::string_view config = kConfig) {
  return find_profile(*parse_profiles(credentials, ProfileFile::credentials),
                      *parse_profiles(config, ProfileFile::config), name);
}

TEST(AwsProfile, KeysAndRegionComeFromTheTwoFiles) {
  const Profile standard = profile_of("default");
  EXPECT_EQ(standard.keys.access_key, "AKIADEFAULT");
  EXPECT_EQ(standard.keys.secret_key.reveal(), "secret/of+default=");
  EXPECT_TRUE(standard.keys.session_token.empty());
  EXPECT_EQ(standard.region, "eu-west-1");
  const Profile work = profile_of("work");
  EXPECT_EQ(work.keys.access_key, "AKIAWORK");
  EXPECT_EQ(work.keys.secret_key.reveal(), "secret-of-work");
  EXPECT_EQ(work.keys.session_token.reveal(), "token-of-work");
  EXPECT_EQ(work.region, "eu-central-1");
  EXPECT_EQ(profile_of("two words").region, "us-west-2");
}

TEST(AwsProfile, OneThatIsInNeitherFileIsNotThere) {
  EXPECT_FALSE(profile_of("nobody").is_there);
  EXPECT_TRUE(profile_of("two words").is_there);
  EXPECT_FALSE(profile_of("corp").is_there) << "a section of another kind is not a profile";
}

TEST(AwsProfile, TheCredentialsFileGoesBeforeTheConfigFile) {
  const auto profile = profile_of("default", "[default]\naws_access_key_id = A\n",
                                  "[default]\naws_access_key_id = B\naws_secret_access_key = C\n");
  EXPECT_EQ(profile.keys.access_key, "A");
  EXPECT_EQ(profile.keys.secret_key.reveal(), "C");
}

TEST(AwsProfile, ThePrefixedDefaultGoesBeforeTheOther) {
  const std::string prefixed = "[profile default]\nregion = right\n";
  const std::string bare = "[default]\nregion = wrong\n";
  EXPECT_EQ(profile_of("default", "", prefixed + bare).region, "right");
  EXPECT_EQ(profile_of("default", "", bare + prefixed).region, "right");
}

TEST(AwsProfile, LinesOfWindowsAndAByteOrderMarkAreRead) {
  const auto profile = profile_of("default", "\xEF\xBB\xBF[default]\r\naws_access_key_id = A\r\n", "");
  EXPECT_EQ(profile.keys.access_key, "A");
}

TEST(AwsProfile, WaysThatWeDoNotGoAreNamed) {
  const auto other = [](std::string_view lines) {
    return profile_of("default", "", "[default]\n" + std::string(lines)).other_source;
  };
  EXPECT_EQ(other("sso_session = corp\n"), "sso_session");
  EXPECT_EQ(other("sso_start_url = https://corp\n"), "sso_start_url");
  EXPECT_EQ(other("credential_process = /bin/keys\n"), "credential_process");
  EXPECT_EQ(other("role_arn = r\nsource_profile = base\n"), "source_profile");
  EXPECT_EQ(other("role_arn = r\ncredential_source = Environment\n"), "credential_source");
  EXPECT_EQ(other("role_arn = r\nweb_identity_token_file = /t\n"), "web_identity_token_file");
  const std::string keys = "aws_access_key_id = A\naws_secret_access_key = B\n";
  EXPECT_EQ(other(keys + "credential_process = /bin/keys\n"), "") << "keys go before a program";
  EXPECT_EQ(other(keys + "role_arn = r\nsource_profile = base\n"), "source_profile") << "a role before keys";
}

TEST(AwsProfile, ALineThatIsNoneIsToldByNumberAndNotShown) {
  for (const std::string_view text :
       {"[default]\ncanary\n", "canary = 1\n[default]\n", "[default]\naws_access_key_id = A\n[canary\n",
        "[default]\n = canary\n", "[default] canary\n"}) {
    const auto profiles = parse_profiles(text, ProfileFile::credentials);
    ASSERT_FALSE(profiles) << text;
    EXPECT_EQ(profiles.error().kind, ErrorKind::misconfigured);
    EXPECT_THAT(profiles.error().message, HasSubstr("line "));
    EXPECT_THAT(profiles.error().message, Not(HasSubstr("canary")));
  }
}

}  // namespace
}  // namespace sdp::store::s3
