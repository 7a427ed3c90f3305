#include "services/make_credentials.h"

#include <gtest/gtest.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

using local::credentials_path;
using support::TemporaryFolder;

TEST(Credentials, AreMadeAtRandomOnFirstUseAndKept) {
  const TemporaryFolder one;
  const TemporaryFolder two;
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

TEST(Credentials, DamagedFileIsNamedAndNotOverwritten) {
  const TemporaryFolder folder;
  ASSERT_TRUE(os::write_file(credentials_path(folder.path()), "AWS_ACCESS_KEY_ID=x\n", 0600));
  const auto loaded = load_or_make_credentials(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("credentials.env"), std::string::npos);
  EXPECT_EQ(**os::read_file(credentials_path(folder.path())), "AWS_ACCESS_KEY_ID=x\n");
}

}  // namespace
}  // namespace sdp::services
