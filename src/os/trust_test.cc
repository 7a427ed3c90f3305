#include "os/trust.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temporary_folder.h"

namespace sdp::os {
namespace {

namespace fs = std::filesystem;

TEST(Trust, RootWeAndWhoIsNamedAreTrusted) {
  constexpr uid_t kStranger = 54'321;
  EXPECT_TRUE(is_trusted_owner(0));
  EXPECT_TRUE(is_trusted_owner(::geteuid()));
  EXPECT_FALSE(is_trusted_owner(kStranger));
  EXPECT_TRUE(is_trusted_owner(kStranger, kStranger));
  EXPECT_FALSE(is_trusted_owner(kStranger + 1, kStranger));
}

TEST(Trust, NobodyElseMayWrite) {
  const support::TemporaryFolder folder;
  const fs::path link = folder.path() / "link";
  fs::create_directory_symlink(folder.path(), link);
  fs::permissions(folder.path(), fs::perms::owner_all);
  EXPECT_TRUE(is_trusted(folder.path()));
  EXPECT_TRUE(is_trusted(link));
  for (const auto writer : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(folder.path(), fs::perms::owner_all | writer);
    EXPECT_FALSE(is_trusted(folder.path()));
    EXPECT_FALSE(is_trusted(link));
  }
  fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::group_write);
  EXPECT_TRUE(is_trusted(folder.path(), {}, S_IWOTH));
  EXPECT_FALSE(is_trusted(folder.path() / "none"));
}

}  // namespace
}  // namespace sdp::os
