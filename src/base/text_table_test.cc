#include "base/text_table.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

TEST(TextTable, GroupsDigitsByThree) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1'000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
  EXPECT_EQ(plural(0, "row"), "0 rows");
  EXPECT_EQ(plural(1, "row"), "1 row");
  EXPECT_EQ(plural(1'234, "row"), "1,234 rows");
}

TEST(TextTable, TablesAreAlignedWithNumbersToTheRight) {
  const TextTable table{{"NAME", "PLAYS"}, {{"Déjà", "7"}, {"Stronger", "1,234"}}};
  EXPECT_EQ(format_table(table, 10),
            "  NAME      PLAYS\n"
            "  --------  -----\n"
            "  Déjà          7\n"
            "  Stronger  1,234\n");
}

TEST(TextTable, TablesSayHowManyRowsTheyLeaveOut) {
  const TextTable table{{"N"}, {{"1"}, {"2"}, {"3"}}};
  EXPECT_NE(format_table(table, 2).find("... and 1 more row\n"), std::string::npos);
}

TEST(TextTable, ControlCharactersDoNotReachTheTerminal) {
  const TextTable table{{"NAME"}, {{"a\x1b[31mb"}, {std::nullopt}}};
  const std::string text = format_table(table, 10);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("NULL"), std::string::npos);
}

TEST(TextTable, NamesOfColumnsArePrintable) {
  EXPECT_EQ(format_table({{"a\x1b]0;x\x07"}, {}}), "  a?]0;x?\n  -------\n");
}

}  // namespace
}  // namespace sdp::base
