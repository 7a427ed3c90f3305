#include "mapping/compile.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "event/fields.h"
#include "mapping/parse.h"

namespace sdp::mapping {
namespace {

using ::testing::HasSubstr;

Mapping one(Rule rule) {
  return {.rules = {std::move(rule)}};
}

// What the SQL answers is compared with verify's own reading in tests/integration/mapping_agrees_test.cc.

TEST(CompileMapping, QuotesWhateverAFileHolds) {
  EXPECT_EQ(quoted("it's \\ \"x\"", Dialect::duckdb), "'it''s \\ \"x\"'");
  EXPECT_EQ(quoted("it's \\ \"x\"", Dialect::snowflake), "'it''s \\\\ \"x\"'");
  const Mapping mapping = one({.field = 4,
                               .from = {{.tokens = {"a') as x from t; drop table t; --"}}},
                               .how = Table{{{"k'", "v''"}}},
                               .fallback = "d'"});
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake}) {
    const auto sql = compile(mapping, dialect);
    ASSERT_TRUE(sql);
    EXPECT_THAT(*sql, HasSubstr("a'') as x from t; drop table t; --'"));
    EXPECT_THAT(*sql, HasSubstr("when 'k''' then 'v'''''"));
    EXPECT_THAT(*sql, HasSubstr("'d'''"));
  }
}

TEST(CompileMapping, TakesAnIndexForANameToo) {
  const Mapping mapping =
      one({.field = 4, .from = {{.tokens = {"a", "0"}}, {.tokens = {"01"}}}, .how = Copy{}, .fallback = {}});
  EXPECT_THAT(compile(mapping, Dialect::snowflake).value(),
              HasSubstr("coalesce(get(get(m_root, 'a'), '0'), get(get(m_root, 'a'), 0)) as m_json0"));
  EXPECT_THAT(compile(mapping, Dialect::snowflake).value(), HasSubstr("get(m_root, '01') as m_json1"));
  EXPECT_THAT(compile(mapping, Dialect::duckdb).value(), HasSubstr("['/a/0', '/01']"));
}

TEST(CompileMapping, AnyFieldMayBeAConstant) {
  std::string text = "mapping = 1\nevent_id = { pointer = \"/id\" }\n";
  for (const event::Field& field : event::kFields) {
    if (field.name == "event_id") continue;
    const std::string_view value = field.type == event::FieldType::uuid
                                       ? "\"881dc191-61d0-4d32-8cd5-5ba3ca2d4a62\""
                                   : field.type == event::FieldType::choice  ? ""
                                   : field.type == event::FieldType::country ? "\"DE\""
                                   : field.type == event::FieldType::time    ? "\"2026-02-15T17:52:36Z\""
                                   : field.type == event::FieldType::integer ? "1"
                                                                             : "\"x\"";
    text += fmt::format("{} = {{ constant = {} }}\n", field.name,
                        value.empty() ? fmt::format("\"{}\"", field.choices.front()) : std::string(value));
  }
  const auto mapping = parse(text, "test");
  ASSERT_TRUE(mapping) << mapping.error().message;
  for (const Dialect dialect : {Dialect::duckdb, Dialect::snowflake})
    EXPECT_THAT(compile(*mapping, dialect).value(), HasSubstr("('2026-02-15T17:52:36Z')"));
}

TEST(CompileMapping, RefusesWhatDbtCannotBeGiven) {
  Table table;
  for (int i = 0; i < 10'000; ++i) table.values.emplace(std::to_string(i), "x");
  const auto sql =
      compile(one({.field = 4, .from = {{.tokens = {"a"}}}, .how = table, .fallback = {}}), Dialect::duckdb);
  ASSERT_FALSE(sql);
  EXPECT_EQ(sql.error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::mapping
