#include "transform/lineage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_folder.h"
#include "transform/transform.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Lineage : public testing::Test {
 protected:
  Lineage() {
    fs::create_directories(target_path(options()));
    for (const char* variable : {"OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT",
                                 "OPENLINEAGE__TRANSPORT__TYPE", "OPENLINEAGE_DISABLED"}) {
      ::unsetenv(variable);
    }
  }

  TransformOptions options() const {
    return {.dbt_path = folder_ / "dbt",
            .project_dir = folder_,
            .warehouse_path = {},
            .work_dir = folder_ / "work"};
  }
  void leave_results() const { std::ofstream(results_path(options())) << "{}"; }
  /// A shell script in the place of the sender.
  Result<void> send_by(const std::string& script) const {
    std::ofstream(folder_ / "dbt-ol") << "#!/bin/sh\n" << script << "\n";
    fs::permissions(folder_ / "dbt-ol", fs::perms::owner_all);
    return send_lineage(options());
  }

  support::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(Lineage, IsOffUnlessACollectorIsSet) {
  EXPECT_FALSE(lineage_is_wanted());
  ::setenv("OPENLINEAGE_URL", "", 1);
  EXPECT_FALSE(lineage_is_wanted());
  ::setenv("OPENLINEAGE_NAMESPACE", "spotify", 1);
  EXPECT_FALSE(lineage_is_wanted());
}

TEST_F(Lineage, IsOnWithAnyOfTheWaysToSetACollector) {
  for (const char* variable :
       {"OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT", "OPENLINEAGE__TRANSPORT__TYPE"}) {
    ::setenv(variable, "x", 1);
    EXPECT_TRUE(lineage_is_wanted()) << variable;
    ::setenv("OPENLINEAGE_DISABLED", "true", 1);
    EXPECT_FALSE(lineage_is_wanted()) << variable;
    ::unsetenv("OPENLINEAGE_DISABLED");
    ::unsetenv(variable);
  }
}

TEST_F(Lineage, TellsTheSenderWhereDbtLeftItsResults) {
  leave_results();
  ASSERT_TRUE(send_by("echo \"$@\""));
  std::ifstream file(lineage_log_path(options()));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("send-events --project-dir " + folder_.string() + " --target-path " +
                             target_path(options()).string()));
}

/// The collector knows a table by the file's whole path, which the sender reads from the profile.
TEST_F(Lineage, TellsTheSenderTheWholePathOfTheWarehouse) {
  leave_results();
  std::ofstream(folder_ / "dbt-ol") << "#!/bin/sh\nenv\n";
  fs::permissions(folder_ / "dbt-ol", fs::perms::owner_all);
  TransformOptions asked = options();
  asked.warehouse_path = folder_ / "spotify_db.duckdb";
  ASSERT_TRUE(send_lineage(asked));
  std::ifstream file(lineage_log_path(asked));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("SDP_WAREHOUSE_PATH=" + asked.warehouse_path.string() + "\n"));
}

TEST_F(Lineage, SendsNothingWhenDbtLeftNoResults) {
  EXPECT_TRUE(send_by("exit 1"));
}

TEST_F(Lineage, TheFirstEventThatWasNotTakenEndsTheSenderAndIsAnError) {
  leave_results();
  const auto sent = send_by("echo 'failed to emit event 1: port 9'; sleep 1000; echo 'not reached'");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(sent.error().message, HasSubstr("failed to emit event 1: port 9"));
  EXPECT_THAT(sent.error().message, HasSubstr("lineage.log"));
}

TEST_F(Lineage, ASenderThatFailsOrIsMissingIsAnError) {
  leave_results();
  const auto missing = send_lineage(options());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::misconfigured);
  const auto failed = send_by("exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::fatal);
}

}  // namespace
}  // namespace sdp::transform
