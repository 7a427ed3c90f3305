#include "cli/imports.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "history/judge.h"
#include "support/temporary_folder.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

class PersonFolder : public testing::Test {
 protected:
  void remember(char of) {
    ASSERT_TRUE(
        history::add_imports(folder_ / history::kLedgerName, {{.sha256 = std::string(64, of),
                                                               .target = std::string(history::kInLake),
                                                               .user = history::user_id("ada"),
                                                               .extended_days = {},
                                                               .account_days = {}}}));
  }
  Import planned() const {
    return {.folder = folder_,
            .before = history::read_imports(folder_ / history::kLedgerName).value(),
            .plan = {}};
  }

  support::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "history" / "ada";
};

TEST_F(PersonFolder, IsMadeForItsOwnerAlone) {
  const mode_t mask = ::umask(0);
  for (const fs::path& folder : {folder_, temporary_.path() / "with" / "slash" / ""}) {
    Import import = planned();
    import.folder = folder;
    ASSERT_TRUE(hold_person_folder(import));
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all) << folder;
  }
  ::umask(mask);
}

TEST_F(PersonFolder, IsOfOneImportAtATime) {
  const Import import = planned();
  const auto first = hold_person_folder(import);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(hold_person_folder(import).error().kind, ErrorKind::fenced);
}

TEST_F(PersonFolder, APlanThatKnowsLessThanIsRememberedIsNotCarriedOut) {
  const Import planned_before = planned();
  {
    ASSERT_TRUE(hold_person_folder(planned_before));
  }
  remember('0');
  const auto late = hold_person_folder(planned_before);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::fenced);
  EXPECT_NE(late.error().message.find("run it again"), std::string::npos) << late.error().message;
  EXPECT_TRUE(hold_person_folder(planned()));
}

}  // namespace
}  // namespace sdp::cli
