#include "store/s3/aws_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/utc_time.h"

namespace sdp::store::s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kAssumed = R"(
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>system:serviceaccount:spotify:sink</SubjectFromWebIdentityToken>
    <Credentials>
      <SessionToken>token</SessionToken>
      <SecretAccessKey>canary-secret</SecretAccessKey>
      <Expiration>2026-02-15T17:52:36Z</Expiration>
      <AccessKeyId>ASIAKEY</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>)";

constexpr std::string_view kDocument = R"({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAKEY",
 "SecretAccessKey": "canary-secret", "Token": "token", "Expiration": "2026-02-15T17:52:36Z"})";

std::string without(std::string_view text, std::string_view part, std::string_view instead = "") {
  std::string copy(text);
  const std::size_t at = copy.find(part);
  return at == std::string::npos ? "no such part" : copy.replace(at, part.size(), instead);
}

void expect_credentials(const Result<Credentials>& read) {
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->access_key, "ASIAKEY");
  EXPECT_EQ(read->secret_key.reveal(), "canary-secret");
  EXPECT_EQ(read->session_token.reveal(), "token");
  EXPECT_EQ(read->expires, base::parse_iso("2026-02-15T17:52:36Z"));
}

void expect_later(const Result<Credentials>& read) {
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::retry);
  EXPECT_THAT(read.error().message, AllOf(HasSubstr("no credentials"), Not(HasSubstr("canary"))));
}

TEST(AwsAnswers, AnAssumedRoleHasKeysTokenAndEnd) {
  expect_credentials(parse_assumed_role(kAssumed));
}

TEST(AwsAnswers, AnAnswerOfStsThatIsNotWholeIsAskedForAgain) {
  expect_later(parse_assumed_role(kAssumed.substr(0, kAssumed.size() / 2)));
  expect_later(parse_assumed_role(""));
  expect_later(parse_assumed_role("<html/>"));
  expect_later(parse_assumed_role(without(kAssumed, "<Expiration>2026-02-15T17:52:36Z</Expiration>")));
  expect_later(parse_assumed_role(without(kAssumed, "2026-02-15T17:52:36Z", "soon")));
  expect_later(parse_assumed_role(without(kAssumed, "ASIAKEY")));
}

TEST(AwsAnswers, StsNamesWhatIsWrongByACodeAndNothingElseIsTaken) {
  const auto code = [](std::string_view text) {
    return parse_sts_code("<ErrorResponse><Error><Type>Sender</Type><Code>" + std::string(text) +
                          "</Code><Message>canary</Message></Error></ErrorResponse>");
  };
  EXPECT_EQ(code("InvalidIdentityToken"), "InvalidIdentityToken");
  EXPECT_EQ(code("eyJhbGciOiJIUzI1NiJ9"), "") << "this might be the token";
  EXPECT_EQ(parse_sts_code("not XML"), "");
}

TEST(AwsAnswers, ADocumentHasKeysTokenAndEnd) {
  expect_credentials(parse_credentials_document(kDocument));
  expect_credentials(parse_credentials_document(without(kDocument, R"("Code": "Success", )")));
}

TEST(AwsAnswers, KeysWithoutAnEndNeverEnd) {
  const auto read =
      parse_credentials_document(R"({"AccessKeyId": "AKIA", "SecretAccessKey": "canary-secret"})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->expires);
  EXPECT_TRUE(read->session_token.empty());
}

TEST(AwsAnswers, ADocumentThatIsNotWholeIsAskedForAgain) {
  expect_later(parse_credentials_document(kDocument.substr(0, kDocument.size() / 2)));
  expect_later(parse_credentials_document("[]"));
  expect_later(parse_credentials_document("canary"));
  expect_later(parse_credentials_document(without(kDocument, R"("ASIAKEY")", "7")));
  expect_later(parse_credentials_document(without(kDocument, "2026-02-15T17:52:36Z", "2026-02-15")));
}

TEST(AwsAnswers, AnInstanceSaysWhyItGivesNone) {
  const auto read = parse_credentials_document(R"({"Code": "AssumeRoleUnauthorizedAccess"})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(read.error().message, HasSubstr("AssumeRoleUnauthorizedAccess"));
}

}  // namespace
}  // namespace sdp::store::s3
