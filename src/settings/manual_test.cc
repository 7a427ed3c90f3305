#include "settings/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <chrono>

namespace sdp::settings {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class SettingsManual : public ::testing::Test {
 protected:
  SettingsManual() {
    parser_.footer("Examples:\n  program sink    moves\n\nExit codes: 0 ok,\n2 usage.");
    sink_.bind("kafka.topic", topic_);
    sink_.bind("kafka.sasl-password", password_);
    sink_.bind("testing.sink-hour-check-ms", check_);
    sink_.parser().add_option("object", key_, "A key")->required();
    commands_.add(lake_.parser(), "upgrade", "To the newest layout");
    commands_.add(lake_.parser(), "page", "Print a page").parser().group("");
  }

  CLI::App parser_{"A program", "program"};
  Commands commands_{parser_};
  Command& sink_ = commands_.add(parser_, "sink", "Move events", "  program sink 'a\\b' ~\n.x");
  Command& lake_ = commands_.add(parser_, "lake", "The lake");
  std::string topic_ = "spotify-events";
  std::string key_;
  base::Secret password_{"hunter2"};
  std::chrono::milliseconds check_{1'000};
};

TEST_F(SettingsManual, APageOfACommandHasItsExamplesSettingsAndExitCodes) {
  const std::string page = manual_page(commands_, &sink_, "1.2.3");
  EXPECT_EQ(manual_name(commands_, &sink_), "program-sink");
  EXPECT_THAT(page, StartsWith(".TH PROGRAM\\-SINK 1 \"\" \"program 1.2.3\" \"User Commands\"\n"));
  EXPECT_THAT(page, HasSubstr(".SH NAME\nprogram\\-sink \\- Move events\n"));
  EXPECT_THAT(page, HasSubstr("\\fBprogram sink\\fR [options] \\fIobject\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".SS Kafka\n.TP\n\\fB\\-\\-topic NAME\\fR\n"));
  EXPECT_THAT(page, HasSubstr("default spotify\\-events"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBKAFKA_SASL_PASSWORD\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n0 ok, 2 usage.\n"));
}

TEST_F(SettingsManual, TroffPrintsWhatStandsThere) {
  EXPECT_THAT(manual_page(commands_, &sink_, "1"),
              HasSubstr(".nf\n  program sink \\(aqa\\(rsb\\(aq \\(ti\n\\&.x\n.fi\n"));
}

TEST_F(SettingsManual, ThePageOfTheProgramListsItsCommandsAndLeadsToTheirPages) {
  const std::string page = manual_page(commands_, nullptr, "1");
  EXPECT_EQ(manual_name(commands_, nullptr), "program");
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBsink\\fR\nMove events\n"));
  EXPECT_THAT(page, HasSubstr("\\fBprogram\\-sink\\fR(1),\n\\fBprogram\\-lake\\fR(1)\n"));
  EXPECT_THAT(manual_page(commands_, &lake_, "1"), HasSubstr("\\fBprogram\\-lake\\-upgrade\\fR(1)\n"));
}

TEST_F(SettingsManual, NothingIsToldThatHelpHides) {
  for (const Command* command : {static_cast<const Command*>(nullptr), static_cast<const Command*>(&sink_),
                                 static_cast<const Command*>(&lake_)}) {
    const std::string page = manual_page(commands_, command, "1");
    EXPECT_THAT(page, Not(HasSubstr("HOUR_CHECK")));
    EXPECT_THAT(page, Not(HasSubstr("hunter2")));
    EXPECT_THAT(page, Not(HasSubstr("page")));
  }
}

}  // namespace
}  // namespace sdp::settings
