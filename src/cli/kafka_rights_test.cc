#include "cli/kafka_rights.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sdp::cli {
namespace {

using log::kafka::Operations;
using log::kafka::Rights;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr RightsAsked kAsked{.user = "u", .topic = "t", .group = "g"};

Rights all_rights() {
  return {.cluster = {"Create", "Describe"},
          .topic = Operations{"Create", "Describe", "DescribeConfigs", "Read", "Write"},
          .group = Operations{"Describe", "Read"}};
}

TEST(KafkaRights, AreThoseOfThePage) {
  const char* const source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  std::ifstream page(std::filesystem::path(source) / "docs/kafka-rights.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("| `")) rows.push_back(line);
  std::vector<std::string> table;
  for (const CommandRight& one : kCommandRights)
    table.push_back(fmt::format("| `{}` | {} | {} |", one.command, one.resource, one.operation));
  EXPECT_EQ(rows, table);
}

TEST(KafkaRights, WhereAllAreThereEachCommandMayBeRun) {
  const auto found = judge_rights(all_rights(), kAsked);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_warning);
  EXPECT_EQ(found->text, "user u may run init, simulate, sink, status, tap log, verify");
}

TEST(KafkaRights, WhatIsMissingIsNamedWithTheCommandThatNeedsIt) {
  Rights rights = all_rights();
  rights.cluster.clear();
  rights.topic = Operations{"Describe", "DescribeConfigs", "Read"};
  rights.group = Operations{"Describe"};
  const auto found = judge_rights(rights, kAsked);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_warning);
  EXPECT_THAT(found->text,
              AllOf(HasSubstr("may run status, tap log, verify; "), HasSubstr("init needs Create on topic t"),
                    HasSubstr("simulate needs Write on topic t"), HasSubstr("sink needs Read on group g"),
                    HasSubstr("docs/kafka-rights.md")));
}

TEST(KafkaRights, CreateOnTheClusterIsCreateOnEachTopic) {
  Rights rights = all_rights();
  rights.topic->erase("Create");
  EXPECT_FALSE(judge_rights(rights, kAsked)->is_warning);
}

TEST(KafkaRights, AUserThatMayRunNothingIsRefused) {
  const auto found = judge_rights({.cluster = {}, .topic = Operations{}, .group = Operations{}}, kAsked);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::unauthorized);
  EXPECT_THAT(found.error().message, HasSubstr("sink needs Read on topic t and DescribeConfigs on topic t"));
}

TEST(KafkaRights, OfWhatIsNotThereYetNothingIsSaid) {
  const auto found = judge_rights({.cluster = {}, .topic = {}, .group = {}}, kAsked);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->text, HasSubstr("brokers do not tell what may be done with topic t and group g"));
  EXPECT_THAT(found->text, Not(HasSubstr("needs")));
}

}  // namespace
}  // namespace sdp::cli
