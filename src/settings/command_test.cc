#include "settings/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace sdp::settings {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

enum class Packing { none, gzip, zstd };

class SettingsCommand : public ::testing::Test {
 protected:
  SettingsCommand() {
    command_.bind("kafka.topic", topic_);
    command_.bind("sink.batch-records", records_);
    command_.bind("sink.compression", packing_,
                  {{"none", Packing::none}, {"gzip", Packing::gzip}, {"zstd", Packing::zstd}});
    command_.bind("snowflake.port", port_);
    command_.bind("kafka.sasl-password", password_);
    command_.bind("output.json", json_);
    command_.bind("testing.sink-hour-check-ms", check_);
    command_.bind("status.watch-s", watch_);
  }
  ~SettingsCommand() override {
    for (const char* variable : {"KAFKA_TOPIC", "SINK_BATCH_RECORDS", "SNOWFLAKE_PORT", "KAFKA_SASL_PASSWORD",
                                 "SPOTIFY_TESTING_SINK_HOUR_CHECK_MS"})
      ::unsetenv(variable);
  }

  Result<void> parse(const std::string& line, const EnvFile& file = {}) {
    parser_.parse("sink " + line);
    return commands_.resolve(file);
  }
  Origin origin(std::string_view name) { return command_.find(name)->origin; }

  CLI::App parser_{"A program", "program"};
  Commands commands_{parser_};
  Command& command_ = commands_.add(parser_, "sink", "Move events", "  program sink  all of them");
  std::string topic_ = "spotify-events";
  std::int64_t records_ = 100;
  Packing packing_ = Packing::none;
  int port_ = 0;
  base::Secret password_;
  bool json_ = false;
  std::chrono::milliseconds check_{1'000};
  std::chrono::seconds watch_{0};
};

TEST_F(SettingsCommand, AnotherCommandIsGivenTheFlagsThatItTakesToo) {
  Command& other = commands_.add(parser_, "load", "Load", "");
  std::string group;
  std::string topic;
  std::int64_t records = 0;
  bool json = false;
  command_.bind("kafka.group", group);
  other.bind("kafka.group", group);
  other.bind("kafka.topic", topic, {.flags = "--from"});
  other.bind("sink.batch-records", records);
  other.bind("output.json", json);
  ASSERT_TRUE(parse("--group it's --topic mine --batch-records 7 --compression zstd --json"));
  // As typed, under the other's own names; `--json` is how this one speaks, and the other has no compression.
  EXPECT_EQ(shared_flags(command_, other), R"( --from mine --batch-records 7 --group 'it'\''s')");
}

TEST_F(SettingsCommand, WhatNoFlagSaidIsNotGivenToAnother) {
  Command& other = commands_.add(parser_, "load", "Load", "");
  std::string topic;
  other.bind("kafka.topic", topic);
  ::setenv("KAFKA_TOPIC", "mine", 1);
  ASSERT_TRUE(parse(""));
  EXPECT_EQ(shared_flags(command_, other), "");
}

TEST_F(SettingsCommand, TheFieldIsTheDefault) {
  ASSERT_TRUE(parse(""));
  EXPECT_EQ(topic_, "spotify-events");
  EXPECT_EQ(command_.find("sink.batch-records")->standard, "100");
  EXPECT_EQ(origin("kafka.topic").kind, Origin::Kind::standard);
}

TEST_F(SettingsCommand, AFlagGoesBeforeAVariableAndAVariableBeforeTheDefault) {
  ::setenv("KAFKA_TOPIC", "from-environment", 1);
  ::setenv("SINK_BATCH_RECORDS", "7", 1);
  ASSERT_TRUE(parse("--topic from-flag --compression GZIP --json"));
  EXPECT_EQ(topic_, "from-flag");
  EXPECT_EQ(origin("kafka.topic").where, "--topic");
  EXPECT_EQ(records_, 7);
  EXPECT_EQ(origin("sink.batch-records").where, "SINK_BATCH_RECORDS");
  EXPECT_EQ(packing_, Packing::gzip);
  EXPECT_TRUE(json_);
}

TEST_F(SettingsCommand, AVariableOfTheFileIsToldByItsLine) {
  ::setenv("KAFKA_TOPIC", "from-file", 1);
  ASSERT_TRUE(parse("", {.path = ".env", .lines = {{"KAFKA_TOPIC", 3}}}));
  EXPECT_EQ(topic_, "from-file");
  EXPECT_EQ(origin("kafka.topic").kind, Origin::Kind::env_file);
  EXPECT_EQ(origin("kafka.topic").where, ".env:3 KAFKA_TOPIC");
}

TEST_F(SettingsCommand, AnEmptyVariableIsNone) {
  ::setenv("SINK_BATCH_RECORDS", "", 1);
  ASSERT_TRUE(parse(""));
  EXPECT_EQ(records_, 100);
}

TEST_F(SettingsCommand, AWrongFlagIsAParseErrorThatSaysWhatIsTaken) {
  try {
    parser_.parse("sink --batch-records many");
    FAIL() << "it was taken";
  } catch (const CLI::ValidationError& error) {
    EXPECT_STREQ(error.what(), "--batch-records: 'many' is not a whole number from 1 to 10000000");
  }
}

TEST_F(SettingsCommand, AWrongVariableIsWrongUsageWhenItHasAFlag) {
  ::setenv("SINK_BATCH_RECORDS", "many", 1);
  const auto done = parse("");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(done.error().message, "SINK_BATCH_RECORDS: 'many' is not a whole number from 1 to 10000000");
}

TEST_F(SettingsCommand, AWrongVariableWithoutAFlagIsMisconfigured) {
  ::setenv("SNOWFLAKE_PORT", "x", 1);
  const auto done = parse("");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(done.error().message, HasSubstr("SNOWFLAKE_PORT: 'x' is not a whole number from 0 to 65535"));
}

TEST_F(SettingsCommand, AFlagThatMayHaveAValueMeansItsOwnWithoutOne) {
  ASSERT_TRUE(parse("--watch --json"));
  EXPECT_EQ(watch_, std::chrono::seconds(2));
  EXPECT_TRUE(json_);
  EXPECT_THAT(parser_.get_subcommand("sink")->help(), HasSubstr("--watch [SECONDS]"));
}

TEST_F(SettingsCommand, AFlagThatMayHaveAValueTakesIt) {
  for (const char* line : {"--watch 7", "--watch=7", "--json --watch 7"}) {
    watch_ = std::chrono::seconds(0);
    ASSERT_TRUE(parse(line));
    EXPECT_EQ(watch_, std::chrono::seconds(7)) << line;
    parser_.clear();
  }
  ASSERT_TRUE(parse(""));
  EXPECT_THROW(parser_.parse("sink --watch 0"), CLI::ValidationError);
}

TEST_F(SettingsCommand, TimersOfTestsAreSetByVariables) {
  ::setenv("SPOTIFY_TESTING_SINK_HOUR_CHECK_MS", "50", 1);
  ASSERT_TRUE(parse(""));
  EXPECT_EQ(check_, std::chrono::milliseconds(50));
}

TEST_F(SettingsCommand, HelpIsByGroupWithRangeDefaultAndVariable) {
  const std::string help = parser_.get_subcommand("sink")->help();
  EXPECT_THAT(help, HasSubstr("\nKafka:\n  --topic NAME"));
  EXPECT_THAT(help, HasSubstr("\nSink:\n  --batch-records N"));
  // Wherever the line breaks.
  EXPECT_THAT(
      help,
      ContainsRegex("1 to 10000000;[[:space:]]+default[[:space:]]+100;[[:space:]]+SINK_BATCH_RECORDS[)]"));
  EXPECT_THAT(help, HasSubstr("--compression none|gzip|zstd"));
  EXPECT_THAT(help, HasSubstr("\n  KAFKA_SASL_PASSWORD"));
  // Somebody who looks for an example does not read the settings first.
  EXPECT_THAT(help, ContainsRegex("Examples:\n  program sink  all of them\n.*\nKafka:"));
  EXPECT_THAT(help, Not(HasSubstr("TESTING")));
}

TEST_F(SettingsCommand, HelpFitsATerminal) {
  std::istringstream help(parser_.get_subcommand("sink")->help());
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 100) << line;
}

}  // namespace
}  // namespace sdp::settings
