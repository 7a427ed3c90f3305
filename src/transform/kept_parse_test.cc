#include "transform/kept_parse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_folder.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// A shell script in the place of dbt: it notes in its work folder what it finds parsed there, and parses
/// where it finds nothing.
class KeptParse : public testing::Test {
 protected:
  KeptParse() {
    write("project/dbt_project.yml", "name: x\n");
    write_dbt(0);
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void write_dbt(int code) const {
    write("dbt",
          "#!/bin/sh\ncd \"$DBT_TARGET_PATH\"\n"
          "cat partial_parse.msgpack >../found 2>/dev/null || echo \"by $DBT_TARGET_PATH\" "
          ">partial_parse.msgpack\n"
          "echo '{\"results\":[{\"status\":\"success\",\"unique_id\":\"model.p.a\"}]}' "
          ">run_results.json\nexit " +
              std::to_string(code) + "\n");
    fs::permissions(folder_ / "dbt", fs::perms::owner_all);
  }
  TransformOptions options(const std::string& work) const {
    return {.dbt_path = folder_ / "dbt",
            .project_dir = folder_ / "project",
            .warehouse_path = folder_ / "spotify_db.duckdb",
            .work_dir = folder_ / work,
            .cache_dir = folder_ / "cache"};
  }
  /// What the build found parsed; empty when it had to parse.
  static std::string found_by(const TransformOptions& options) {
    static_cast<void>(run(options));
    std::ifstream file(options.work_dir / "found");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string parsed_in(const std::string& work) const {
    return "by " + (folder_ / work / "target").string() + "\n";
  }

  support::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(KeptParse, AnotherWorkFolderNeedNotParseAgain) {
  EXPECT_EQ(found_by(options("first")), "");
  EXPECT_EQ(found_by(options("second")), parsed_in("first"));
}

TEST_F(KeptParse, AFolderKeepsItsOwn) {
  EXPECT_EQ(found_by(options("first")), "");
  TransformOptions alone = options("second");
  alone.cache_dir.clear();
  EXPECT_EQ(found_by(alone), "");
  EXPECT_EQ(found_by(options("second")), parsed_in("second"));
}

TEST_F(KeptParse, OfAnotherProjectOrOtherLimitsNothingIsTaken) {
  EXPECT_EQ(found_by(options("first")), "");
  TransformOptions smaller = options("smaller");
  smaller.memory_limit = "100MB";
  EXPECT_EQ(found_by(smaller), "");
  TransformOptions narrower = options("narrower");
  narrower.threads = 1;
  EXPECT_EQ(found_by(narrower), "");
  write("project/models/a.sql", "select 1\n");
  EXPECT_EQ(found_by(options("changed")), "");
}

TEST_F(KeptParse, AMappingIsNotParsed) {
  EXPECT_EQ(found_by(options("first")), "");
  TransformOptions mapped = options("mapped");
  mapped.mapping_digest = "abc";
  EXPECT_EQ(found_by(mapped), parsed_in("first"));
}

TEST_F(KeptParse, NothingIsKeptOfAFailedBuildNorOfASnowflakeAccount) {
  write_dbt(1);
  EXPECT_EQ(found_by(options("failed")), "");
  write_dbt(0);
  TransformOptions account = options("account");
  account.warehouse_path.clear();
  EXPECT_EQ(found_by(account), "");
  EXPECT_EQ(kept_code(account), "");
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

TEST_F(KeptParse, AFolderThatOthersMayWriteIsNeitherReadNorWritten) {
  EXPECT_EQ(found_by(options("first")), "");
  fs::permissions(folder_ / "cache/dbt", fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(found_by(options("second")), "");
  EXPECT_EQ(kept_code(options("second")), "");
  fs::remove_all(folder_ / "cache/dbt");
  fs::create_directory(folder_ / "elsewhere");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "cache/dbt");
  EXPECT_EQ(found_by(options("third")), "");
  EXPECT_TRUE(fs::is_empty(folder_ / "elsewhere"));
}

TEST_F(KeptParse, CodeIsKeptBesideAndGoesWithIt) {
  write("client", "#!/bin/sh\n\"${0%client}dbt\" && echo code >\"$SDP_DBT_COMPILED\"\n");
  fs::permissions(folder_ / "client", fs::perms::owner_all);
  const auto worked = [&](int number) {
    TransformOptions one = options(std::to_string(number));
    one.memory_limit = std::to_string(number) + "MB";
    one.dbt_client = {(folder_ / "client").string()};
    static_cast<void>(run(one));
    return kept_code(one);
  };
  const fs::path first = worked(1);
  EXPECT_EQ(first.parent_path(), folder_ / "cache/dbt");
  EXPECT_TRUE(fs::exists(first));
  for (int number = 2; number <= 9; ++number) EXPECT_TRUE(fs::exists(worked(number))) << number;
  EXPECT_FALSE(fs::exists(first));
  // Of what is not parsed there, no code stays.
  write("cache/dbt/of-a-failed-build.code", "");
  worked(10);
  EXPECT_FALSE(fs::exists(folder_ / "cache/dbt/of-a-failed-build.code"));
}

TEST_F(KeptParse, WhatWasNotUsedForTheLongestTimeIsRemoved) {
  const auto used = [&](int number) {
    TransformOptions one = options(std::to_string(number));
    one.memory_limit = std::to_string(number % 100) + "MB";
    return found_by(one);
  };
  for (int number = 1; number <= 8; ++number) EXPECT_EQ(used(number), "") << number;
  EXPECT_EQ(used(101), parsed_in("1"));
  EXPECT_EQ(used(9), "");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "cache/dbt"), {}), 8);
  EXPECT_EQ(used(201), parsed_in("1"));
  EXPECT_EQ(used(202), "");
}

}  // namespace
}  // namespace sdp::transform
