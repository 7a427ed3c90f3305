#include "warehouse/sql_text.h"

#include <gtest/gtest.h>

namespace sdp::warehouse {
namespace {

std::vector<std::string> texts(std::string_view sql, Dialect dialect) {
  const auto statements = split_statements(sql, dialect);
  if (!statements) return {"error: " + statements.error().message};
  std::vector<std::string> all;
  for (const Statement& one : *statements) all.emplace_back(one.text);
  return all;
}

using Texts = std::vector<std::string>;

TEST(SqlText, NamesAndTextsAreQuotedWhateverTheyHave) {
  EXPECT_EQ(sql_identifier("A\"B"), "\"A\"\"B\"");
  EXPECT_EQ(sql_literal("it's \\ \"x\"", Dialect::duckdb), "'it''s \\ \"x\"'");
  EXPECT_EQ(sql_literal("it's \\ \"x\"", Dialect::snowflake), "'it''s \\\\ \"x\"'");
}

TEST(SqlText, StatementsEndAtSemicolons) {
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake}) {
    EXPECT_EQ(texts("USE SCHEMA MART; SELECT * FROM MART.TOP_SONGS;", dialect),
              (Texts{"USE SCHEMA MART", "SELECT * FROM MART.TOP_SONGS"}));
    EXPECT_EQ(texts("", dialect), Texts{});
    EXPECT_EQ(texts(" ;; -- nothing;\n; /* ; */", dialect), Texts{});
    EXPECT_EQ(texts("-- first; \nSELECT 1 -- last;", dialect), Texts{"SELECT 1"});
    EXPECT_EQ(texts("SELECT /* ; */ 1; (SELECT 2)", dialect), (Texts{"SELECT /* ; */ 1", "(SELECT 2)"}));
  }
}

TEST(SqlText, QuotesHoldSemicolons) {
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake}) {
    EXPECT_EQ(texts("SELECT 'it''s; ', \"a;\"\"b\", $$;$$; SELECT 2", dialect),
              (Texts{"SELECT 'it''s; ', \"a;\"\"b\", $$;$$", "SELECT 2"}));
    EXPECT_EQ(texts("SELECT $1; SELECT a$b FROM t", dialect), (Texts{"SELECT $1", "SELECT a$b FROM t"}));
  }
}

TEST(SqlText, DialectsDifferInQuotesAndComments) {
  EXPECT_EQ(texts(R"(SELECT 'a\'; SELECT 2)", Dialect::duckdb), (Texts{R"(SELECT 'a\')", "SELECT 2"}));
  EXPECT_EQ(texts(R"(SELECT 'a\'; b'; SELECT 2)", Dialect::snowflake),
            (Texts{R"(SELECT 'a\'; b')", "SELECT 2"}));
  EXPECT_EQ(texts(R"(SELECT E'a\'; b'; SELECT 2)", Dialect::duckdb),
            (Texts{R"(SELECT E'a\'; b')", "SELECT 2"}));
  EXPECT_EQ(texts("SELECT $x$;$$;$x$; SELECT 2", Dialect::duckdb), (Texts{"SELECT $x$;$$;$x$", "SELECT 2"}));
  EXPECT_EQ(texts("SELECT /* /* */ ; */ 1", Dialect::duckdb), Texts{"SELECT /* /* */ ; */ 1"});
  EXPECT_EQ(texts("SELECT 1 // ; more\n; SELECT 2", Dialect::snowflake), (Texts{"SELECT 1", "SELECT 2"}));
  EXPECT_EQ(texts("SELECT 4 // 2; SELECT 2", Dialect::duckdb), (Texts{"SELECT 4 // 2", "SELECT 2"}));
}

TEST(SqlText, StatementsKnowTheirLines) {
  const auto statements = split_statements("-- about\n\nSELECT 'a\nb';\n/* x\n */ SELECT 2", Dialect::duckdb);
  ASSERT_TRUE(statements);
  ASSERT_EQ(statements->size(), 2);
  EXPECT_EQ(statements->at(0).line, 3);
  EXPECT_EQ(statements->at(1).line, 6);
}

TEST(SqlText, WhatDoesNotEndIsNamedByItsLine) {
  EXPECT_EQ(texts("SELECT 1;\nSELECT 'a", Dialect::duckdb),
            Texts{"error: line 2: the quoted text that begins here does not end"});
  EXPECT_EQ(texts("\n\n/* a", Dialect::snowflake),
            Texts{"error: line 3: the comment that begins here does not end"});
  EXPECT_EQ(texts("SELECT 1 /* /* */", Dialect::duckdb),
            Texts{"error: line 1: the comment that begins here does not end"});
}

TEST(SqlText, TheFirstWordStandsBehindCommentsAndBrackets) {
  EXPECT_EQ(first_word("/* a */ ((select 1))", Dialect::duckdb), "SELECT");
  EXPECT_EQ(first_word("'SELECT' 1", Dialect::duckdb), "");
  EXPECT_EQ(first_word("", Dialect::duckdb), "");
}

TEST(SqlText, WhatReadsMayRun) {
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake}) {
    for (const std::string_view sql :
         {"select 1", "(WITH t AS (SELECT 1) SELECT * FROM t)", "VALUES (1)", "SHOW TABLES",
          "DESCRIBE TABLE MART.X", "desc MART.X", "EXPLAIN SELECT 1", "USE SCHEMA MART",
          "SELECT 'DROP TABLE t; ->> SYSTEM$X()', procedure FROM t"}) {
      EXPECT_TRUE(check_reads(sql, dialect)) << sql;
    }
  }
  EXPECT_TRUE(check_reads("FROM MART.TOP_SONGS", Dialect::duckdb));
  EXPECT_TRUE(check_reads("SELECT j->>'a' FROM t", Dialect::duckdb));
}

TEST(SqlText, NothingElseMay) {
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake}) {
    for (const std::string_view sql :
         {"", "INSERT INTO t VALUES (1)", "DROP TABLE t", "/* SELECT */ DELETE FROM t", "CALL p()", "BEGIN",
          "COPY t TO 'x'", "ATTACH 'x'", "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list",
          "SET memory_limit = '1TB'", "EXECUTE IMMEDIATE 'DROP TABLE t'", "SELECTED", "'SELECT' 1",
          "SELECT 1; DROP TABLE t", "EXPORT DATABASE 'x'", "TABLE t", "\"SELECT\" 1"}) {
      const auto checked = check_reads(sql, dialect);
      ASSERT_FALSE(checked) << sql;
      EXPECT_EQ(checked.error().kind, ErrorKind::bad_input);
    }
  }
  EXPECT_FALSE(check_reads("FROM t", Dialect::snowflake));
}

TEST(SqlText, QueriesThatChangeSnowflakeMayNot) {
  for (const std::string_view sql :
       {"WITH p AS PROCEDURE () RETURNS INT LANGUAGE SQL AS $$ DROP TABLE t $$ CALL p()",
        "(with p as /* x */ procedure () returns int language sql as $$ x $$ call p())",
        "SHOW TABLES ->> DROP TABLE t", "SELECT system$abort_session(1)", "SELECT \"SYSTEM$WAIT\"(1)",
        "SELECT s.nextval"}) {
    EXPECT_FALSE(check_reads(sql, Dialect::snowflake)) << sql;
  }
}

TEST(SqlText, SnowflakesWordsAreSaidToDuckDbInItsOwn) {
  EXPECT_EQ(on_duckdb("SELECT 1"), "SELECT 1");
  EXPECT_EQ(on_duckdb("use schema MART"), "USE MART");
  EXPECT_EQ(on_duckdb("USE /* x */ SCHEMA SPOTIFY_DB.MART"), "USE SPOTIFY_DB.MART");
  EXPECT_EQ(on_duckdb("USE DATABASE SPOTIFY_DB"), "USE SPOTIFY_DB");
  EXPECT_EQ(on_duckdb("USE SPOTIFY_DB.MART"), "USE SPOTIFY_DB.MART");
  EXPECT_EQ(on_duckdb("USE MART"), "USE MART");
  EXPECT_EQ(on_duckdb("USE WAREHOUSE SPOTIFY_WH"), "");
  EXPECT_EQ(on_duckdb("USE ROLE READER"), "");
  EXPECT_EQ(on_duckdb("USE SECONDARY ROLES ALL"), "");
  EXPECT_EQ(on_duckdb("USE WAREHOUSE"), "USE WAREHOUSE");
  EXPECT_EQ(on_duckdb("USE SCHEMA.X"), "USE SCHEMA.X");
  EXPECT_EQ(on_duckdb("desc table MART.X"), "DESCRIBE MART.X");
  EXPECT_EQ(on_duckdb("DESCRIBE VIEW X"), "DESCRIBE X");
  EXPECT_EQ(on_duckdb("DESCRIBE SELECT 1"), "DESCRIBE SELECT 1");
}

}  // namespace
}  // namespace sdp::warehouse
