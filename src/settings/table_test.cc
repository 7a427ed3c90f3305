#include "settings/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sdp::settings {
namespace {

TEST(SettingsTable, NamesAreUniqueAndVariablesToo) {
  std::set<std::string_view> names;
  std::set<std::string_view> variables;
  for (const Setting& setting : table()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_TRUE(setting.variable.empty() || variables.insert(setting.variable).second) << setting.variable;
  }
}

TEST(SettingsTable, EachRowCanBeSetAndSaysWhatItIs) {
  for (const Setting& setting : table()) {
    EXPECT_FALSE(setting.flag.empty() && setting.variable.empty()) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_FALSE(setting.help.ends_with('.')) << setting.name;
    EXPECT_FALSE(setting.range && !setting.choices.empty()) << setting.name;
    EXPECT_TRUE(!setting.range || setting.range->low <= setting.range->high) << setting.name;
  }
}

TEST(SettingsTable, SecretsHaveNoFlag) {
  for (const Setting& setting : table()) {
    EXPECT_TRUE(!setting.secret || setting.flag.empty()) << setting.name;
    // Whatever sounds like a secret is one, unless it says where secrets are.
    const bool is_place = setting.variable.ends_with("_DIR") || setting.variable.ends_with("_FILE");
    for (const std::string_view word : {"PASSWORD", "PASSPHRASE", "SECRET", "TOKEN"}) {
      EXPECT_TRUE(!setting.variable.contains(word) || setting.secret || is_place) << setting.variable;
    }
  }
}

TEST(SettingsTable, OnlyTimersOfTestsAreHidden) {
  for (const Setting& setting : table()) {
    const bool is_testing = setting.group == Group::testing;
    EXPECT_EQ(setting.hidden, is_testing) << setting.name;
    EXPECT_EQ(setting.variable.starts_with("SPOTIFY_TESTING_"), is_testing) << setting.name;
  }
}

TEST(SettingsTable, EveryGroupHasATitle) {
  for (const Setting& setting : table()) {
    EXPECT_TRUE(std::ranges::any_of(groups(), [&](const GroupText& text) {
      return text.group == setting.group;
    })) << setting.name;
  }
}

TEST(SettingsTable, RowsAreFoundByNameAndVariable) {
  ASSERT_NE(find_name("kafka.topic"), nullptr);
  EXPECT_EQ(find_name("kafka.topic"), find_variable("KAFKA_TOPIC"));
  EXPECT_EQ(find_name("kafka.topics"), nullptr);
  EXPECT_EQ(find_variable(""), nullptr);
}

}  // namespace
}  // namespace sdp::settings
