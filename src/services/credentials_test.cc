#include "services/credentials.h"

#include <gtest/gtest.h>

#include "services/files.h"
#include "services/test_folder.h"

namespace sdp::services {
namespace {

namespace fs = std::filesystem;

TEST(Credentials, AreMadeAtRandomOnFirstUseAndKept) {
  const TestFolder one;
  const TestFolder two;
  const auto made = load_or_make_credentials(one.path());
  const auto again = load_or_make_credentials(one.path());
  const auto other = load_or_make_credentials(two.path());
  ASSERT_TRUE(made && again && other);
  EXPECT_EQ(made->access_key.size(), 20u);
  EXPECT_EQ(made->secret_key.reveal().size(), 40u);
  EXPECT_EQ(made->secret_key.reveal(), again->secret_key.reveal());
  EXPECT_NE(made->secret_key.reveal(), other->secret_key.reveal());
  EXPECT_NE(made->access_key, other->access_key);
}

TEST(Credentials, FileIsForItsOwnerAlone) {
  const TestFolder folder;
  ASSERT_TRUE(load_or_make_credentials(folder.path()));
  EXPECT_EQ(fs::status(credentials_path(folder.path())).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Credentials, FileThatOthersCanReadIsRefused) {
  const TestFolder folder;
  ASSERT_TRUE(load_or_make_credentials(folder.path()));
  fs::permissions(credentials_path(folder.path()), fs::perms::others_read, fs::perm_options::add);
  const auto loaded = load_or_make_credentials(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::misconfigured);
}

TEST(Credentials, DamagedFileIsNamedAndNotOverwritten) {
  const TestFolder folder;
  ASSERT_TRUE(write_file(credentials_path(folder.path()), "AWS_ACCESS_KEY_ID=x\n", 0600));
  const auto loaded = load_or_make_credentials(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("credentials.env"), std::string::npos);
  EXPECT_EQ(**read_file(credentials_path(folder.path())), "AWS_ACCESS_KEY_ID=x\n");
}

TEST(Credentials, LoadingMakesNone) {
  const TestFolder folder;
  const auto loaded = load_credentials(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
  EXPECT_FALSE(fs::exists(credentials_path(folder.path())));
}

}  // namespace
}  // namespace sdp::services
