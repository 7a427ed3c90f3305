#include "settings/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace sdp::settings {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SettingsDocuments : public ::testing::Test {
 protected:
  SettingsDocuments() {
    auto& sink = commands_.add(parser_, "sink", "Move events");
    sink.bind("kafka.topic", topic_);
    sink.bind("sink.batch-bytes", sink_bytes_);
    sink.bind("sink.compression", packing_);
    sink.bind("kafka.sasl-password", password_);
    sink.bind("testing.sink-hour-check-ms", check_);
    sink.bind("output.json", json_);
    auto& run = commands_.add(parser_, "run", "Everything");
    run.bind("sink.batch-bytes", run_bytes_);
    run.bind("run.data", data_, {.flags = "-d,--data"});
  }

  CLI::App parser_{"A program", "program"};
  Commands commands_{parser_};
  std::string topic_ = "spotify-events";
  std::string packing_ = "none";
  std::string data_ = "data";
  std::size_t sink_bytes_ = 16;
  std::size_t run_bytes_ = 8;
  base::Secret password_{"hunter2"};
  std::chrono::milliseconds check_{1'000};
  bool json_ = false;
};

TEST_F(SettingsDocuments, ThePageSaysEachCommandsOwnDefault) {
  const std::string page = configuration_page(commands_);
  EXPECT_THAT(page, HasSubstr("`16`; `8` in `run`"));
  EXPECT_THAT(page, HasSubstr("none, gzip or zstd"));
  EXPECT_THAT(page, HasSubstr("`SPOTIFY_TESTING_SINK_HOUR_CHECK_MS`"));
  EXPECT_THAT(page, HasSubstr("`KAFDROP_PORT`"));
  EXPECT_THAT(page, Not(HasSubstr("hunter2")));
}

TEST_F(SettingsDocuments, TheExampleHasWhatCommandsReadAndNoTimersOfTests) {
  const std::string example = env_example(commands_);
  EXPECT_THAT(example, HasSubstr("\n#KAFKA_TOPIC=spotify-events\n"));
  EXPECT_THAT(example, HasSubstr("\n#KAFKA_SASL_PASSWORD=\n"));
  EXPECT_THAT(example, Not(HasSubstr("TESTING")));
  EXPECT_THAT(example, Not(HasSubstr("KAFDROP_PORT")));
  EXPECT_THAT(example, Not(HasSubstr("hunter2")));
}

TEST_F(SettingsDocuments, TheStacksExampleHasItsOwnValues) {
  EXPECT_THAT(stack_example(), HasSubstr("\nKAFKA_BOOTSTRAP_SERVERS=kafka:29092\n"));
  EXPECT_THAT(stack_example(), HasSubstr("\nPOSTGRES_PASSWORD=generate\n"));
}

}  // namespace
}  // namespace sdp::settings
