#include "warehouse/snowflake/error_kind.h"

#include <gtest/gtest.h>

namespace sdp::warehouse::snowflake {
namespace {

Error classified(int code, std::string message = "says the server") {
  adbc::DriverError error;
  error.vendor_code = code;
  error.message = std::move(message);
  return classify("my-account", error);
}

struct Known {
  int code;
  ErrorKind kind;
};

TEST(SnowflakeErrors, SayWhatTheCallerCanDo) {
  constexpr Known kKnown[] = {
      {390100, ErrorKind::unauthorized},   // user or password
      {390144, ErrorKind::unauthorized},   // key pair
      {390186, ErrorKind::unauthorized},   // role was not granted
      {390189, ErrorKind::unauthorized},   // no such role
      {390201, ErrorKind::misconfigured},  // no such database, schema or warehouse
      {390422, ErrorKind::unauthorized},   // network policy
      {606, ErrorKind::misconfigured},     // no warehouse
      {2003, ErrorKind::misconfigured},    // no such table
      {3001, ErrorKind::unauthorized},     // insufficient privileges
      {90073, ErrorKind::unavailable},     // resource monitor
      {630, ErrorKind::unavailable},       // statement time-out
      {1003, ErrorKind::fatal},            // syntax
      {260008, ErrorKind::unavailable},    // account's host
      {261004, ErrorKind::unavailable},    // sign-in without answer
      {100072, ErrorKind::fatal},          // NULL in a NOT NULL column
  };
  for (const Known& known : kKnown) EXPECT_EQ(classified(known.code).kind, known.kind) << known.code;
}

TEST(SnowflakeErrors, OnlyTemporaryOnesAreTriedAgain) {
  for (const int code : {604, 625, 684, 390104, 390111, 390112, 390114, 390195, 261000, 262000, 264003})
    EXPECT_EQ(classified(code).kind, ErrorKind::retry) << code;
  for (const int code :
       {0, 1, 603, 605, 607, 626, 683, 1003, 2003, 390100, 390119, 390196, 261004, 264001, 999999})
    EXPECT_NE(classified(code).kind, ErrorKind::retry) << code;
}

TEST(SnowflakeErrors, CodesAreReadFromTheMessageWhereTheErrorHasNone) {
  EXPECT_EQ(classified(0, "[Snowflake] 390100 (08004): Incorrect username or password").kind,
            ErrorKind::unauthorized);
  EXPECT_EQ(classified(0, "000625 (57014): Statement has locked table").kind, ErrorKind::retry);
  EXPECT_EQ(classified(0, "[Snowflake] 625 rows were read").kind, ErrorKind::fatal);
}

TEST(SnowflakeErrors, CutConnectionsAreTemporary) {
  EXPECT_EQ(classified(0, "Post \"https://x/queries\": read tcp: connection reset by peer").kind,
            ErrorKind::retry);
  EXPECT_EQ(classified(0, "Post \"https://x\": EOF").kind, ErrorKind::retry);
  EXPECT_EQ(classified(1003, "SELECT 'EOF'").kind, ErrorKind::fatal) << "the server's code comes first";
}

TEST(SnowflakeErrors, NameTheAccountAndTheSetting) {
  const Error error = classified(390100, "Incorrect username or password");
  EXPECT_NE(error.message.find("my-account"), std::string::npos);
  EXPECT_NE(error.message.find("SNOWFLAKE_PASSWORD"), std::string::npos);
  EXPECT_NE(error.message.find("Incorrect username"), std::string::npos);
}

TEST(SnowflakeErrors, OfAStatementAreBadInput) {
  const auto kind = [](std::int32_t code) {
    return classify_statement("acme", {.vendor_code = code, .sql_state = "", .message = "said"}).kind;
  };
  EXPECT_EQ(kind(1003), ErrorKind::bad_input);
  EXPECT_EQ(kind(2003), ErrorKind::bad_input);
  EXPECT_EQ(kind(100038), ErrorKind::bad_input);
  EXPECT_EQ(kind(3001), ErrorKind::unauthorized);
  EXPECT_EQ(kind(630), ErrorKind::unavailable);
  EXPECT_EQ(kind(390100), ErrorKind::unauthorized);
}

}  // namespace
}  // namespace sdp::warehouse::snowflake
