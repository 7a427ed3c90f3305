#include "settings/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace sdp::settings {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SettingsCompletion : public ::testing::Test {
 protected:
  SettingsCompletion() {
    auto& sink = commands_.add(parser_, "sink", "Move events: don't wait [or do]");
    sink.bind("sink.batch-bytes", bytes_);
    sink.bind("sink.compression", packing_);
    sink.bind("kafka.sasl-password", password_);
    sink.bind("testing.sink-hour-check-ms", check_);
    auto& run = commands_.add(parser_, "run", "Everything");
    run.bind("run.data", data_, {.flags = "-d,--data"});
    run.bind("output.json", json_);
    auto& lake = commands_.add(parser_, "lake", "The lake");
    auto& upgrade = commands_.add(lake.parser(), "upgrade", "To the newest layout");
    upgrade.bind("sink.batch-records", records_);
    upgrade.parser().add_option("object", data_, "A key");
    commands_.add(lake.parser(), "page", "Print a page").parser().group("");
  }

  CLI::App parser_{"A program", "program"};
  Commands commands_{parser_};
  std::string packing_ = "none";
  std::string data_ = "data";
  std::size_t bytes_ = 16;
  std::size_t records_ = 10;
  base::Secret password_{"hunter2"};
  std::chrono::milliseconds check_{1'000};
  bool json_ = false;
};

/// What bash offers for these words, the last of which is being typed.
std::string offered(const std::string& script, const std::string& words, int last) {
  const std::string path = ::testing::TempDir() + "completion.bash";
  std::ofstream(path) << script << "COMP_WORDS=(" << words << ")\nCOMP_CWORD=" << last
                      << "\n_spotify_pipeline\necho \"${COMPREPLY[*]}\"\n";
  // NOLINTNEXTLINE(bugprone-command-processor): a shell is what is tested, and the path is the test's own.
  FILE* output = ::popen(("bash -u " + path + " 2>&1").c_str(), "r");
  std::string text;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, output) != nullptr) text += buffer;
  ::pclose(output);
  return text;
}

TEST_F(SettingsCompletion, BashOffersCommandsFlagsChoicesAndFolders) {
  const std::string script = bash_completion(commands_);
  EXPECT_THAT(offered(script, "spotify-pipeline s", 1), HasSubstr("sink"));
  EXPECT_THAT(offered(script, "spotify-pipeline sink --batch", 2), HasSubstr("--batch-bytes"));
  EXPECT_EQ(offered(script, "spotify-pipeline sink --compression z", 3), "zstd\n");
  EXPECT_THAT(offered(script, "spotify-pipeline run --data /us", 3), HasSubstr("/usr"));
  EXPECT_THAT(offered(script, "spotify-pipeline sink --", 2), Not(HasSubstr("hour-check-ms")));
  EXPECT_THAT(offered(script, "spotify-pipeline lake ''", 2), HasSubstr("upgrade"));
  EXPECT_THAT(offered(script, "spotify-pipeline lake upgrade --", 3), HasSubstr("--batch-records"));
}

TEST_F(SettingsCompletion, ZshIsToldTextsThatItTakesApartByColonsAndBrackets) {
  const std::string script = zsh_completion(commands_);
  EXPECT_THAT(script, HasSubstr(R"('sink:Move events\: don'\''t wait \[or do\]')"));
  EXPECT_THAT(script, HasSubstr("'--compression=["));
  EXPECT_THAT(script, HasSubstr("]:value:(none gzip zstd)'"));
  EXPECT_THAT(script, HasSubstr("'(-d --data)-d+["));
  EXPECT_THAT(script, HasSubstr("'(-d --data)--data=["));
  EXPECT_THAT(script, HasSubstr("]:FOLDER:_files -/'"));
  EXPECT_THAT(script, HasSubstr("    'lake upgrade')\n"));
  EXPECT_THAT(script, HasSubstr("'upgrade:To the newest layout'"));
  EXPECT_THAT(script, HasSubstr("'*:value:_files'"));
}

TEST_F(SettingsCompletion, FishIsToldWhereAFlagBelongsAndWhatItTakes) {
  const std::string script = fish_completion(commands_);
  EXPECT_THAT(script,
              HasSubstr(R"(-n '__spotify_pipeline_at' -a sink -d 'Move events: don\'t wait [or do]')"));
  EXPECT_THAT(script, HasSubstr("-n '__spotify_pipeline_at sink' -l compression -x -a 'none gzip zstd' -d "));
  EXPECT_THAT(script, HasSubstr("-n '__spotify_pipeline_at run' -s d -l data -x -a "));
  EXPECT_THAT(script, HasSubstr("-n '__spotify_pipeline_at run' -l json -d "));
  EXPECT_THAT(script, HasSubstr("-n '__spotify_pipeline_at lake' -a upgrade -d "));
  EXPECT_THAT(script, HasSubstr("-n '__spotify_pipeline_at lake upgrade' -F\n"));
  EXPECT_THAT(script, HasSubstr("contains -- \"$words[1] $words[2]\" 'lake upgrade'; and"));
}

TEST_F(SettingsCompletion, NoShellIsToldWhatHelpHides) {
  for (const std::string& script :
       {bash_completion(commands_), zsh_completion(commands_), fish_completion(commands_)}) {
    EXPECT_THAT(script, Not(HasSubstr("hour-check")));
    EXPECT_THAT(script, Not(HasSubstr("hunter2")));
    EXPECT_THAT(script, Not(HasSubstr("page")));
  }
}

}  // namespace
}  // namespace sdp::settings
