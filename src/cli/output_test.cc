#include "cli/output.h"

#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

TEST(Output, GroupsDigitsByThree) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1'000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
}

TEST(Output, RatesHaveAUnitAndNoDivisionByZero) {
  EXPECT_EQ(rate(10, 0), "-");
  EXPECT_EQ(rate(10, 4), "2.5/s");
  EXPECT_EQ(rate(412'000, 1), "412 k/s");
  EXPECT_EQ(rate(3'000'000, 2), "1.50 M/s");
}

TEST(Output, TablesAreAlignedWithNumbersToTheRight) {
  const warehouse::Table table{{"NAME", "PLAYS"}, {{"Déjà", "7"}, {"Stronger", "1234"}}};
  EXPECT_EQ(format_table(table, 10),
            "  NAME      PLAYS\n"
            "  --------  -----\n"
            "  Déjà          7\n"
            "  Stronger   1234\n");
}

TEST(Output, TablesSayHowManyRowsTheyLeaveOut) {
  const warehouse::Table table{{"N"}, {{"1"}, {"2"}, {"3"}}};
  EXPECT_NE(format_table(table, 2).find("... and 1 more rows"), std::string::npos);
}

TEST(Output, ControlCharactersDoNotReachTheTerminal) {
  const warehouse::Table table{{"NAME"}, {{"a\x1b[31mb"}, {std::nullopt}}};
  const std::string text = format_table(table, 10);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("NULL"), std::string::npos);
}

}  // namespace
}  // namespace sdp::cli
