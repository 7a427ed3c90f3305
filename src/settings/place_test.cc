#include "settings/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::settings {
namespace {

using ::testing::HasSubstr;

constexpr Setting kLake{
    .name = "a.lake", .flag = "--lake", .variable = "A", .bucket = true, .completion = Completion::folder};
constexpr Setting kFile{.name = "a.file", .flag = "--file", .variable = "B", .completion = Completion::file};

TEST(Places, PathsAreTaken) {
  for (const char* path : {"lake", "data/lake", "./lake", "../lake", "/lake", ".", "/", "/a:/b", "./s3://x",
                           "../gs://x", "a:b", "s3:x", "~/lake", "a//b", " s3"}) {
    EXPECT_TRUE(check_place(kLake, path)) << path;
    EXPECT_TRUE(check_place(kFile, path)) << path;
  }
}

TEST(Places, BucketsAreTakenWhereTheyCanStand) {
  for (const char* bucket : {"s3://spotify", "s3://spotify/", "s3://spotify/a", "s3://spotify/a/b.c/"}) {
    EXPECT_TRUE(check_place(kLake, bucket)) << bucket;
    EXPECT_FALSE(check_place(kFile, bucket)) << bucket;
  }
}

TEST(Places, EverythingElseSaysWhatIsWanted) {
  for (const char* text :
       {"s3a://x", "S3://x", "s3:/x", "s3://", "s3:///x", "gs://x", "file:///x", "http://h:9000/x", "C:/x",
        " s3://x", "s3://b//x", "s3://b/./x", "s3://b/../x", "s3://b/x//", "x:/", ""}) {
    const auto checked = check_place(kLake, text);
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(checked.error().kind, ErrorKind::misconfigured) << text;
    EXPECT_THAT(checked.error().message, HasSubstr("s3://BUCKET")) << text;
    if (*text == '\0') continue;
    EXPECT_THAT(checked.error().message, HasSubstr(std::string("./") + text));
  }
}

TEST(Places, BucketAndPrefixAreTakenApart) {
  EXPECT_EQ(parse_bucket("s3://spotify")->bucket, "spotify");
  EXPECT_EQ(parse_bucket("s3://spotify")->prefix, "");
  EXPECT_EQ(parse_bucket("s3://spotify/")->prefix, "");
  EXPECT_EQ(parse_bucket("s3://spotify/a/b/")->prefix, "a/b");
  EXPECT_FALSE(parse_bucket("spotify"));
}

}  // namespace
}  // namespace sdp::settings
