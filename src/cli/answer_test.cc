#include "cli/answer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sdp::cli {
namespace {

using warehouse::Column;
using Cells = std::vector<std::optional<std::string_view>>;

constexpr auto kText = Column::Kind::text;
constexpr auto kNumber = Column::Kind::number;
constexpr auto kBoolean = Column::Kind::boolean;

std::string json(const Column& column, std::optional<std::string_view> cell) {
  const std::vector<Column> columns = {column};
  return json_record(json_keys(columns), columns, Cells{cell});
}

TEST(Csv, RecordsAreThoseOfRfc4180) {
  EXPECT_EQ(csv_record(Cells{"a", "1.50", "God's Plan"}), "a,1.50,God's Plan\r\n");
  EXPECT_EQ(csv_record(Cells{"a,b", "say \"x\"", "two\nlines", "cr\r"}),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"cr\r\"\r\n");
  EXPECT_EQ(csv_record(Cells{std::nullopt, "", std::nullopt}), ",\"\",\r\n");
  EXPECT_EQ(csv_record(Cells{std::nullopt}), "\r\n");
}

TEST(Json, NumbersStayAsTheyAre) {
  EXPECT_EQ(json({"n", kNumber}, "9007199254740993"), "{\"n\":9007199254740993}\n");
  EXPECT_EQ(json({"n", kNumber}, "170141183460469231731687303715884105727.10"),
            "{\"n\":170141183460469231731687303715884105727.10}\n");
  for (const std::string_view number : {"0", "-0", "0.50", "-1.5e-10", "1E+20", "10"}) {
    EXPECT_EQ(json({"n", kNumber}, number), "{\"n\":" + std::string(number) + "}\n");
    EXPECT_TRUE(nlohmann::json::accept(json({"n", kNumber}, number)));
  }
  for (const std::string_view none : {"nan", "inf", "-inf", "007", ".5", "1.", "1e", "-", "", "0x1", "1 "})
    EXPECT_EQ(json({"n", kNumber}, none), "{\"n\":\"" + std::string(none) + "\"}\n");
}

TEST(Json, ValuesHaveTheirKinds) {
  EXPECT_EQ(json({"b", kBoolean}, "true"), "{\"b\":true}\n");
  EXPECT_EQ(json({"t", kText}, "true"), "{\"t\":\"true\"}\n");
  EXPECT_EQ(json({"t", kText}, "1"), "{\"t\":\"1\"}\n");
  EXPECT_EQ(json({"t", kText}, std::nullopt), "{\"t\":null}\n");
}

TEST(Json, NothingThatActsOnATerminalIsInIt) {
  const std::string line = json({"a\x1b", kText}, "x\x1b[31m\n\x7f\u009b\u00a0é\u202e\x9b");
  EXPECT_EQ(line, "{\"a\\u001b\":\"x\\u001b[31m\\n\\u007f\\u009b\u00a0é\\u202e\ufffd\"}\n");
  EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(Json, EachColumnHasANameOfItsOwn) {
  const std::vector<Column> columns = {{"a", kText}, {"a", kText}, {"a_2", kText}, {"a", kText}};
  EXPECT_EQ(json_keys(columns), (std::vector<std::string>{"a", "a_3", "a_2", "a_4"}));
}

TableAnswer answer(TableAnswer::Limits limits, TableAnswer::LineEnds ends, const std::vector<Cells>& rows) {
  TableAnswer answer(limits, ends);
  std::vector<Column> columns;
  for (std::size_t at = 0; at < rows.at(0).size(); ++at) columns.push_back({"c" + std::to_string(at), kText});
  answer.set_columns(columns);
  for (const Cells& row : rows) answer.add(row);
  return answer;
}

constexpr auto kShown = TableAnswer::LineEnds::are_shown;

TEST(TableAnswer, RowsBeyondTheLimitAreCounted) {
  EXPECT_EQ(answer({}, kShown, {{"a"}}).text(), "  c0\n  --\n  a\n1 row\n");
  const std::vector<Cells> many(2'345, Cells{"7"});
  const std::string text = answer({.rows_max = 1'000}, kShown, many).text();
  EXPECT_NE(text.find("\n1,000 of 2,345 rows; "), std::string::npos) << text.substr(text.size() - 100);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1'003);
  EXPECT_EQ(TableAnswer({}, kShown).text(), "");
  TableAnswer none({}, kShown);
  none.set_columns(std::vector<Column>{{"a", kText}});
  EXPECT_EQ(none.text(), "  a\n  -\n0 rows\n");
}

TEST(TableAnswer, LongCellsAndManyOfThemAreBounded) {
  const std::string name(10'000, 'x');
  const std::string text = answer({.cell_width_max = 20}, kShown, {{name}, {"é"}}).text();
  EXPECT_NE(text.find(std::string(20, 'x') + "…\n"), std::string::npos) << text;
  const TableAnswer large = answer({.bytes_max = 10'000}, kShown, std::vector<Cells>(1'000, Cells{name}));
  EXPECT_LT(large.text().size(), 11'000);
  EXPECT_EQ(large.rows(), 1'000);
  EXPECT_NE(large.text().find(" of 1,000 rows"), std::string::npos);
}

TEST(TableAnswer, ALineEndOfANameMakesNoRow) {
  EXPECT_EQ(answer({}, kShown, {{"a\nb"}}).text(), "  c0\n  ---\n  a?b\n1 row\n");
  EXPECT_EQ(answer({}, TableAnswer::LineEnds::are_rows, {{"plan", "a\nb"}}).text(),
            "  c0    c1\n  ----  --\n  plan  a\n        b\n1 row\n");
}

TEST(TableAnswer, TextIsCutBetweenCharacters) {
  EXPECT_EQ(cut_to("éé", 2), "éé");
  EXPECT_EQ(cut_to("ééé", 2), "éé…");
  EXPECT_EQ(cut_to("", 2), "");
}

}  // namespace
}  // namespace sdp::cli
