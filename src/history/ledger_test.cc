#include "history/ledger.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::history {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr sys_days kDay = std::chrono::year(2023) / 2 / 27;

TEST(Imports, AreReadAsTheyWereWritten) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "imported.jsonl";
  EXPECT_TRUE(read_imports(path)->empty());
  ImportedFile file{.sha256 = std::string(64, 'a'),
                    .target = "lake",
                    .user = base::uuid5(base::kNamespaceDns, "ada"),
                    .extended_days = {kDay, kDay + days(1), kDay + days(2), kDay + days(5)},
                    .account_days = {}};
  ASSERT_TRUE(add_imports(path, {file}));
  file.target = "other";
  ASSERT_TRUE(add_imports(path, {file}));
  const auto read = read_imports(path);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].sha256, file.sha256);
  EXPECT_EQ((*read)[0].target, "lake");
  EXPECT_EQ((*read)[1].target, "other");
  EXPECT_EQ((*read)[0].user, file.user);
  EXPECT_EQ((*read)[0].extended_days, file.extended_days);
  EXPECT_TRUE((*read)[0].account_days.empty());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto text = os::read_file(path);
  EXPECT_NE((*text)->find(R"([["2023-02-27","2023-03-01"],["2023-03-04","2023-03-04"]])"), std::string::npos)
      << **text;
}

TEST(Imports, ABrokenLineIsNamed) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "imported.jsonl";
  for (
      const std::string_view text :
      {"{}\n", "x", R"({"sha256":"a","target":"t","user_id":"u"})",
       R"({"sha256":"a","target":"t","user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","account_days":[["x","y"]]})"}) {
    ASSERT_TRUE(os::write_file(path, text, 0600));
    const auto read = read_imports(path);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("line 1"), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace sdp::history
