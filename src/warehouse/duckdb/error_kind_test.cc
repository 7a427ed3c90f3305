#include "warehouse/duckdb/error_kind.h"

#include <gtest/gtest.h>

namespace sdp::warehouse::duckdb {
namespace {

TEST(DuckDbErrors, SayWhatTheCallerCanDo) {
  EXPECT_EQ(
      classify("f", "IO Error: Could not set lock on file \"f\": Conflicting lock is held in PID 7").kind,
      ErrorKind::fenced);
  EXPECT_EQ(classify("f", "IO Error: Could not write file \"f\": No space left on device").kind,
            ErrorKind::cannot_write);
  EXPECT_EQ(
      classify("f", "IO Error: The file \"f\" exists, but it is not a valid DuckDB database file!").kind,
      ErrorKind::bad_input);
  EXPECT_EQ(classify("f", "Binder Error: no such column").kind, ErrorKind::fatal);
}

TEST(DuckDbErrors, NameTheFile) {
  EXPECT_NE(classify("/x/y.duckdb", "boom").message.find("/x/y.duckdb"), std::string::npos);
}

TEST(DuckDbErrors, OfAStatementAreDuckDbsWordsOnOneLine) {
  const Error syntax = classify_statement(
      "f", "Parser Error: syntax error at or near \"FORM\"\n\nLINE 1: SELECT * FORM x\n                 ^");
  EXPECT_EQ(syntax.kind, ErrorKind::bad_input);
  EXPECT_EQ(syntax.message, "Parser Error: syntax error at or near \"FORM\" (its line 1: SELECT * FORM x)");
  // Its text may say anything.
  EXPECT_EQ(
      classify_statement("f", "Conversion Error: Could not convert string 'No space left' to INT32").kind,
      ErrorKind::bad_input);
  EXPECT_EQ(classify_statement("f", "INTERRUPT Error: Interrupted!").kind, ErrorKind::interrupted);
  EXPECT_EQ(classify_statement("f", "Out of Memory Error: failed to pin block").kind,
            ErrorKind::misconfigured);
  EXPECT_EQ(classify_statement("f", "IO Error: Corrupt database file").kind, ErrorKind::bad_input);
  EXPECT_EQ(classify_statement("f", "INTERNAL Error: x").kind, ErrorKind::fatal);
}

}  // namespace
}  // namespace sdp::warehouse::duckdb
