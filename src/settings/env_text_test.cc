#include "settings/env_text.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::settings {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Values = std::map<std::string, std::string>;

std::optional<std::string> nothing(const std::string&) {
  return std::nullopt;
}

std::optional<std::string> one_variable(const std::string& name) {
  return name == "GIVEN" ? std::optional<std::string>("from-environment") : std::nullopt;
}

Values values(std::string_view text, const LookUp& environment = nothing) {
  const EnvText read = parse_env(text, environment);
  EXPECT_THAT(read.problems, IsEmpty()) << text;
  Values found;
  for (const auto& [name, line] : read.variables) found[name] = line.value;
  return found;
}

std::string value(std::string_view line, const LookUp& environment = nothing) {
  return values(fmt::format("A={}\n", line), environment)["A"];
}

TEST(EnvText, NamesAndValues) {
  EXPECT_EQ(values("# a comment\n\nA=me\n  export B = x y \nEMPTY=\nC: yaml\nLAST=z"),
            (Values{{"A", "me"}, {"B", "x y"}, {"EMPTY", ""}, {"C", "yaml"}, {"LAST", "z"}}));
}

TEST(EnvText, TheLastLineOfANameCounts) {
  EXPECT_EQ(values("A=1\nA=2\n"), (Values{{"A", "2"}}));
}

TEST(EnvText, LinesAreCounted) {
  const EnvText read = parse_env("\n# c\nA=1\nB='x\ny'\nC=2\n", nothing);
  EXPECT_EQ(read.variables.at("A").line, 3);
  EXPECT_EQ(read.variables.at("B").line, 4);
  EXPECT_EQ(read.variables.at("C").line, 6);
}

TEST(EnvText, ACommentBehindAValueIsNoPartOfIt) {
  EXPECT_EQ(value("x # comment"), "x");
  EXPECT_EQ(value("x#y"), "x#y");
  EXPECT_EQ(value("'x' # comment"), "x");
  EXPECT_EQ(value("\"x # y\" # comment"), "x # y");
  EXPECT_EQ(value("'a#b = \"c\"' "), "a#b = \"c\"");
}

TEST(EnvText, QuotesAndEscapes) {
  EXPECT_EQ(value(R"('$X \n literal')"), R"($X \n literal)");
  EXPECT_EQ(value(R"('it\'s')"), "it's");
  EXPECT_EQ(value(R"("a\tb\"c\\d\$e\qf")"), "a\tb\"c\\d$e\\qf");
  EXPECT_EQ(value("\"first\nsecond\""), "first\nsecond");
}

TEST(EnvText, VariablesAreReplaced) {
  EXPECT_EQ(values("A=1\nB=$A-${A}x\n")["B"], "1-1x");
  EXPECT_EQ(value("${GIVEN}", one_variable), "from-environment");
  EXPECT_EQ(values("GIVEN=from-file\nA=$GIVEN\n", one_variable)["A"], "from-environment");
  EXPECT_EQ(value("${NONE:-other}"), "other");
  EXPECT_EQ(value("${NONE-other}"), "other");
  EXPECT_EQ(value("${GIVEN:-other}", one_variable), "from-environment");
  EXPECT_EQ(values("E=\nA=${E:-other}\nB=${E-other}\nC=${E:+x}\nD=${E+x}\n"),
            (Values{{"E", ""}, {"A", "other"}, {"B", ""}, {"C", ""}, {"D", "x"}}));
  EXPECT_EQ(value("${NONE:-${GIVEN:-x}}!", one_variable), "from-environment!");
  EXPECT_EQ(value("\"${NONE:-a b}\""), "a b");
  EXPECT_EQ(value("$NONE"), "");
  EXPECT_EQ(value("a$$b"), "a$b");
}

TEST(EnvText, WindowsLineEndsAndAByteOrderMarkAreNoPartOfAValue) {
  EXPECT_EQ(values("\xEF\xBB\xBF"
                   "A=1\r\nB='2'\r\nC=\r\n"),
            (Values{{"A", "1"}, {"B", "2"}, {"C", ""}}));
}

TEST(EnvText, WhatIsNoSettingIsPassedOver) {
  EXPECT_EQ(values("%%\n[section]\nKEY\n<xml a=\"1\">\nA.B-C=\"x\nA=inner\n\"\nA=1\n"),
            (Values{{"A.B-C", "x\nA=inner\n"}, {"A", "1"}}));
}

TEST(EnvText, ValuesThatCannotBeReadAreNamedByLineAndNeverShown) {
  for (const std::string_view text :
       {"'hunter2", "\"hunter2", "'x' hunter2", "hunter2$", "hunter2$5", "${hunter2", "${X%hunter2}",
        "${X:?hunter2}", "${X?hunter2}", "${}", "${X:}"}) {
    const EnvText read = parse_env(fmt::format("B=1\nA={}\nC=2\n", text), nothing);
    ASSERT_THAT(read.problems, SizeIs(1)) << text;
    EXPECT_EQ(read.problems[0].name, "A") << text;
    EXPECT_EQ(read.problems[0].line, 2) << text;
    EXPECT_TRUE(read.problems[0].sets) << text;
    EXPECT_THAT(read.problems[0].reason, Not(HasSubstr("hunter2"))) << text;
    // It stops nothing else.
    EXPECT_EQ(read.variables.at("C").value, "2") << text;
  }
}

TEST(EnvText, ANameWithoutAValueSetsNothing) {
  const EnvText read = parse_env("A\nA hunter2\n", nothing);
  EXPECT_TRUE(read.variables.empty());
  ASSERT_THAT(read.problems, SizeIs(1));
  EXPECT_EQ(read.problems[0].line, 2);
  EXPECT_FALSE(read.problems[0].sets);
}

TEST(EnvText, EndlessNestingEnds) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "${A:-";
  text.append(10'000, '}');
  EXPECT_THAT(parse_env("B=" + text, nothing).problems, SizeIs(1));
}

TEST(EnvText, AnyBytesAreRead) {
  for (const std::string_view text : {std::string_view("\0\0=\0", 4), std::string_view("A=\0b\n", 5),
                                      std::string_view("\xFF\xFE"
                                                       "A\0=\0",
                                                       6),
                                      std::string_view("=\n==\n'\"${")}) {
    const EnvText read = parse_env(text, nothing);
    EXPECT_TRUE(read.variables.empty());
  }
}

}  // namespace
}  // namespace sdp::settings
