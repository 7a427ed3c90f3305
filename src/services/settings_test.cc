#include "services/settings.h"

#include <gtest/gtest.h>

#include "services/files.h"
#include "services/test_folder.h"

namespace sdp::services {
namespace {

TEST(FindDeps, GivenFolderComesFirstAndMustExist) {
  const TestFolder folder;
  ASSERT_TRUE(make_folder(folder.path() / ".deps"));
  EXPECT_EQ(find_deps(folder.path(), folder.path(), "/x").value(), folder.path());
  const auto missing = find_deps(folder.path() / "none", folder.path(), "/x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::misconfigured);
}

TEST(FindDeps, WorkingFolderComesBeforeTheExecutable) {
  const TestFolder here;
  const TestFolder checkout;
  ASSERT_TRUE(make_folder(checkout.path() / ".deps"));
  const auto executable = checkout.path() / "build" / "release" / "spotify-pipeline";
  EXPECT_EQ(find_deps(std::nullopt, here.path(), executable).value(), checkout.path() / ".deps");
  ASSERT_TRUE(make_folder(here.path() / ".deps"));
  EXPECT_EQ(find_deps(std::nullopt, here.path(), executable).value(), here.path() / ".deps");
}

TEST(FindDeps, NothingFoundSaysWhatToRun) {
  const TestFolder folder;
  const auto found = find_deps(std::nullopt, folder.path(), folder.path() / "bin");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("tools/setup services"), std::string::npos);
}

TEST(S3ServerName, GoesThereAndBack) {
  for (const auto server : {S3Server::minio, S3Server::versitygw})
    EXPECT_EQ(parse_s3_server(name(server)).value(), server);
  EXPECT_FALSE(parse_s3_server("ceph"));
}

}  // namespace
}  // namespace sdp::services
