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

}  // namespace
}  // namespace sdp::warehouse::duckdb
