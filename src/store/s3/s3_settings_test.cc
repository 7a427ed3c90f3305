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
  settings.access_key = "access";
  settings.secret_key = Secret("canary-secret");
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
  EXPECT_TRUE(refused([](S3Settings& s) { s.access_key = ""; }));
  EXPECT_TRUE(refused([](S3Settings& s) { s.secret_key = Secret(); }));
  EXPECT_TRUE(refused([](S3Settings& s) { s.secret_key = Secret("canary\n"); }));
  EXPECT_TRUE(refused([](S3Settings& s) { s.session_token = Secret("canary\r\nx: y"); }));
}

}  // namespace
}  // namespace sdp::store::s3
