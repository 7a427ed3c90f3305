#include "local/credentials.h"

#include <gtest/gtest.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::local {
namespace {

namespace fs = std::filesystem;
using support::TemporaryFolder;

const Credentials kExample{.access_key = "KEY", .secret_key = Secret("SECRET")};

TEST(Credentials, AreReadAsWritten) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_credentials(folder.path(), kExample));
  const auto loaded = load_credentials(folder.path());
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->access_key, "KEY");
  EXPECT_EQ((*loaded)->secret_key.reveal(), "SECRET");
}

TEST(Credentials, FileIsForItsOwnerAlone) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_credentials(folder.path(), kExample));
  EXPECT_EQ(fs::status(credentials_path(folder.path())).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Credentials, FileThatOthersCanReadIsRefused) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_credentials(folder.path(), kExample));
  fs::permissions(credentials_path(folder.path()), fs::perms::others_read, fs::perm_options::add);
  const auto loaded = load_credentials(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::misconfigured);
}

TEST(Credentials, LoadingMakesNone) {
  const TemporaryFolder folder;
  const auto loaded = load_credentials(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
  EXPECT_FALSE(fs::exists(credentials_path(folder.path())));
}

}  // namespace
}  // namespace sdp::local
