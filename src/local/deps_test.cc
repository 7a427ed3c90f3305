#include "local/deps.h"

#include <gtest/gtest.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::local {
namespace {

using support::TemporaryFolder;

TEST(FindDeps, GivenFolderComesFirstAndMustExist) {
  const TemporaryFolder folder;
  ASSERT_TRUE(os::make_folder(folder.path() / ".deps"));
  EXPECT_EQ(find_deps(folder.path(), folder.path(), "/x").value(), folder.path());
  const auto missing = find_deps(folder.path() / "none", folder.path(), "/x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::misconfigured);
}

TEST(FindDeps, WorkingFolderComesBeforeTheExecutable) {
  const TemporaryFolder here;
  const TemporaryFolder checkout;
  ASSERT_TRUE(os::make_folder(checkout.path() / ".deps"));
  const auto executable = checkout.path() / "build" / "release" / "spotify-pipeline";
  EXPECT_EQ(find_deps("", here.path(), executable).value(), checkout.path() / ".deps");
  ASSERT_TRUE(os::make_folder(here.path() / ".deps"));
  EXPECT_EQ(find_deps("", here.path(), executable).value(), here.path() / ".deps");
}

TEST(FindDeps, AFolderThatOthersCanWriteIsPassedOver) {
  const TemporaryFolder here;
  const TemporaryFolder checkout;
  for (const auto* folder : {&here, &checkout}) ASSERT_TRUE(os::make_folder(folder->path() / ".deps"));
  std::filesystem::permissions(here.path() / ".deps", std::filesystem::perms::all);
  EXPECT_EQ(find_deps("", here.path(), checkout.path() / "bin" / "x").value(), checkout.path() / ".deps");
  std::filesystem::permissions(checkout.path() / ".deps", std::filesystem::perms::all);
  const auto found = find_deps("", here.path(), checkout.path() / "bin" / "x");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("others can write it"), std::string::npos) << found.error().message;
}

TEST(FindDeps, NothingFoundSaysWhatToRun) {
  const TemporaryFolder folder;
  const auto found = find_deps("", folder.path(), folder.path() / "bin");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("tools/setup services"), std::string::npos);
}

}  // namespace
}  // namespace sdp::local
