#include "snapshot/snapshot_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "snapshot/proof.h"

namespace sdp::snapshot {
namespace {

using nlohmann::json;

Mart mart() {
  Mart mart{
      .name = "TOP_SONGS",
      .description = {},
      .sql = "SELECT 1;",
      .order_by = "n",
      .columns = {{.name = "S", .type = "VARCHAR", .kind = Kind::text, .description = {}, .profile = {}},
                  {.name = "N", .type = "BIGINT", .kind = Kind::number, .description = {}, .profile = {}},
                  {.name = "B", .type = "BOOLEAN", .kind = Kind::boolean, .description = {}, .profile = {}}},
      .rows = {{"1", "1", "true"},
               {std::nullopt, std::nullopt, std::nullopt},
               {"a\xff", "9007199254740993", "false"},
               {"", "0.25", "maybe"},
               {"", "-9007199254740991", "false"},
               {"", "nan", "false"},
               {"", "170141183460469231731687303715884105727", "false"}}};
  mart.rows_total = 9;
  return mart;
}

TEST(SnapshotJson, CellsHaveTheirKinds) {
  Snapshot snapshot;
  snapshot.id = "20260215T175236123Z";
  const json document = json::parse(mart_json(snapshot, mart()));
  EXPECT_EQ(document["snapshot"], "20260215T175236123Z");
  EXPECT_EQ(document["rows_total"], 9);
  EXPECT_EQ(document["rows_included"], 7);
  EXPECT_EQ(document["rows"],
            json::parse(R"([["1",1,true],[null,null,null],["a\ufffd","9007199254740993",false],
    ["",0.25,"maybe"],["",-9007199254740991,false],["","nan",false],["","170141183460469231731687303715884105727",false]])"));
}

TEST(SnapshotJson, AMartWithoutRowsIsADocument) {
  const json document = json::parse(mart_json(
      {}, Mart{.name = "EMPTY", .description = {}, .sql = {}, .order_by = {}, .columns = {}, .rows = {}}));
  EXPECT_EQ(document["rows"], json::array());
  EXPECT_EQ(document["name"], "EMPTY");
}

TEST(SnapshotJson, FilesOfMartsAreDifferentAndTame) {
  EXPECT_EQ(mart_file("TOP_SONGS"), "mart_top_songs.json");
  EXPECT_EQ(mart_file("../X"), "mart_-2e-2e-2fx.json");
  EXPECT_EQ(mart_file("x"), "mart_-78.json");
  EXPECT_NE(mart_file("-2E"), mart_file("."));
}

TEST(SnapshotJson, TheHeadIsReadBack) {
  Snapshot snapshot;
  snapshot.id = "id";
  snapshot.state = "state";
  snapshot.taken_at = "2026-02-15T17:52:36.123Z";
  snapshot.warehouse = "duckdb";
  snapshot.marts.push_back(mart());
  const auto head = parse_head(snapshot_json(snapshot));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->taken_at, "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(head->warehouse, "duckdb");
  EXPECT_EQ(head->files, std::vector<std::string>{"mart_top_songs.json"});
  EXPECT_EQ(head->id, "id");
  EXPECT_EQ(head->state, "state");
  for (const std::string_view text : {"", "[]", "{}", R"({"version":2})", R"({"version":1)"})
    EXPECT_FALSE(parse_head(text)) << text;
  EXPECT_EQ(parse_head(R"({"version":2})").error().message,
            "it is of version 2, and this program reads version 1");
}

TEST(SnapshotJson, MartsAreListedWithTheirFiles) {
  Snapshot snapshot;
  snapshot.marts.push_back(mart());
  const json document = json::parse(snapshot_json(snapshot));
  EXPECT_EQ(document["marts"][0]["file"], "mart_top_songs.json");
  EXPECT_EQ(parse_head(document.dump()).value().orders.at("TOP_SONGS"), snapshot.marts[0].order_by);
  EXPECT_TRUE(document["dbt"].is_null());
  EXPECT_TRUE(document["last_proof"].is_null());
}

TEST(Proof, IsWhatVerifySaid) {
  const auto document = proof_document("id", "2026-02-15T17:52:36.123Z",
                                       R"({"version":1,"proved":false,"verdict":"NOT proved: 3 problems",
    "stages":[{"stage":"lake","looked_at":true,"records":10,"objects":2,"pending":1,"problems":3}],
    "findings":[{"stage":"lake","kind":"missing","pending":false,"total":3,"named":["p0"]}],"notes":["a note"]})");
  ASSERT_TRUE(document);
  const auto proof = parse_proof(*document);
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->snapshot, "id");
  EXPECT_FALSE(proof->proved);
  EXPECT_EQ(proof->verdict, "NOT proved: 3 problems");
  ASSERT_EQ(proof->stages.size(), 1u);
  EXPECT_EQ(proof->stages[0].groups, 2u);
  EXPECT_EQ(proof->stages[0].groups_are, "objects");
  ASSERT_EQ(proof->findings.size(), 1u);
  EXPECT_EQ(proof->findings[0].named, std::vector<std::string>{"p0"});
  EXPECT_EQ(proof->notes, std::vector<std::string>{"a note"});
}

TEST(Proof, SomethingElseIsBadInput) {
  EXPECT_FALSE(proof_document("id", "at", "[]"));
  for (const std::string_view text :
       {"", "{}", R"({"version":1})", R"({"version":2,"report":{}})", R"({"version":1,"report":[]})"})
    EXPECT_FALSE(parse_proof(text)) << text;
  EXPECT_TRUE(parse_proof(R"({"version":1,"report":{"stages":[7],"findings":[7],"notes":[7]}})"));
}

}  // namespace
}  // namespace sdp::snapshot
