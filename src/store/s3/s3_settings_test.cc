#include "store/s3/s3_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::store::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

S3Settings fit() {
  S3Settings settings;
  settings.endpoint = "http://127.0.0.1:9000";
  settings.bucket = "spotify";
  return settings;
}

TEST(S3Settings, ACustomEndpointHasTheBucketInThePath) {
  const auto address = resolve(fit());
  EXPECT_EQ(address->endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(address->bucket_url, "http://127.0.0.1:9000/spotify");
  EXPECT_TRUE(address->is_loopback);
}

TEST(S3Settings, ATrailingSlashIsNoMatter) {
  auto settings = fit();
  settings.endpoint += "/";
  EXPECT_EQ(resolve(settings)->bucket_url, "http://127.0.0.1:9000/spotify");
}

TEST(S3Settings, AwsHasTheBucketInTheHostName) {
  auto settings = fit();
  settings.endpoint = "";
  settings.region = "eu-west-1";
  EXPECT_EQ(resolve(settings)->bucket_url, "https://spotify.s3.eu-west-1.amazonaws.com");
  EXPECT_FALSE(resolve(settings)->is_loopback);
  settings.bucket = "my.spotify";
  EXPECT_EQ(resolve(settings)->bucket_url, "https://s3.eu-west-1.amazonaws.com/my.spotify");
}

TEST(S3Settings, TheStyleCanBeChosen) {
  auto settings = fit();
  settings.path_style = false;
  EXPECT_EQ(resolve(settings)->bucket_url, "http://spotify.127.0.0.1:9000");
}

TEST(S3Settings, UnfitOnesAreRefusedWithoutShowingASecret) {
  const auto refused = [](auto change) {
    auto settings = fit();
    change(settings);
    const auto address = resolve(settings);
    if (address) return false;
    EXPECT_THAT(address.error().message, Not(HasSubstr("canary")));
    return address.error().kind == ErrorKind::misconfigured;
  };
  for (const auto* endpoint :
       {"nonsense:9000:1", "ftp://127.0.0.1", "http://user:canary@127.0.0.1:9000",
        "http://127.0.0.1:9000/path", "http://127.0.0.1:9000/?canary", "file:///etc/passwd"}) {
    EXPECT_TRUE(refused([&](S3Settings& s) { s.endpoint = endpoint; })) << endpoint;
  }
  for (const auto* bucket : {"", "ab", "Spotify", "a/b", "a..b", ".abc", "a?b=c"}) {
    EXPECT_TRUE(refused([&](S3Settings& s) { s.bucket = bucket; })) << bucket;
  }
  EXPECT_TRUE(refused([](S3Settings& s) { s.region = "us:east"; }));
}

TEST(S3Settings, WithoutARegionItIsUsEast1) {
  auto settings = fit();
  settings.endpoint = "";
  EXPECT_EQ(resolve(settings)->endpoint, "https://s3.us-east-1.amazonaws.com");
}

TEST(S3Settings, ChinaHasADomainOfItsOwn) {
  EXPECT_EQ(aws_host("sts", "cn-north-1"), "sts.cn-north-1.amazonaws.com.cn");
}

TEST(S3Settings, OnlyThisMachinesAddressesAreLoopback) {
  for (const char* url :
       {"http://localhost:9000", "http://127.0.0.1", "http://127.8.8.8:1", "https://[::1]:9"}) {
    EXPECT_TRUE(parse_url(url)->is_loopback()) << url;
  }
  for (const char* url : {"http://127.example.com", "http://128.0.0.1", "http://localhost.example.com",
                          "http://[fd00:ec2::23]", "http://minio:9000"}) {
    EXPECT_FALSE(parse_url(url)->is_loopback()) << url;
  }
}

TEST(S3Settings, AServerIsTheSameByAnyNameOfThisMachine) {
  const auto same = [](const char* one, const char* other) {
    return is_same_server(*parse_url(one), *parse_url(other));
  };
  EXPECT_TRUE(same("http://localhost:9000", "http://127.0.0.1:9000/"));
  EXPECT_FALSE(same("http://localhost:9000", "http://127.0.0.1:9001"));
  EXPECT_FALSE(same("http://minio:9000", "http://127.0.0.1:9000"));
  EXPECT_FALSE(same("https://localhost:9000", "http://localhost:9000"));
}

TEST(Credentials, UnfitOnesAreRefusedWithoutShowingASecret) {
  const Credentials fit{.access_key = "access", .secret_key = Secret("canary-secret")};
  EXPECT_TRUE(check(fit));
  const auto refused = [&](auto change) {
    Credentials credentials = fit;
    change(credentials);
    const auto checked = check(credentials);
    if (checked) return false;
    EXPECT_THAT(checked.error().message, Not(HasSubstr("canary")));
    return checked.error().kind == ErrorKind::misconfigured;
  };
  EXPECT_TRUE(refused([](Credentials& c) { c.access_key = ""; }));
  EXPECT_TRUE(refused([](Credentials& c) { c.secret_key = Secret(); }));
  EXPECT_TRUE(refused([](Credentials& c) { c.secret_key = Secret("canary\n"); }));
  EXPECT_TRUE(refused([](Credentials& c) { c.session_token = Secret("canary\r\nx: y"); }));
}

}  // namespace
}  // namespace sdp::store::s3
