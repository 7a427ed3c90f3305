#include "contract/warehouse_contract.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/child_process.h"

namespace sdp::warehouse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Loads what loader_objects() are in a process of its own; its exit status.
support::ChildProcess loader(const WarehousePlace& place, const std::string& fatal_step) {
  os::Command command;
  command.arguments = {std::filesystem::read_symlink("/proc/self/exe").parent_path() / "warehouse_loader",
                       fatal_step};
  for (const std::string& argument : place.arguments()) command.arguments.push_back(argument);
  // The Go runtime of Snowflake's driver keeps what it has, and a killed process is not asked.
  command.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}};
  return support::ChildProcess(command);
}

constexpr int kKilled = 128 + SIGKILL;
constexpr std::string_view kAllOfLoader = "108|12|6";

std::vector<std::optional<std::string>> numbered(int count) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < count; ++i) values.push_back("{\"n\":" + std::to_string(i) + "}");
  return values;
}

/// A value whose line has so many bytes. All quotes: the most that a payload can grow on its way.
std::string value_of_line(std::size_t line_bytes) {
  const std::size_t around = fetched(0, 0, {R"({"s":""})"}).lines.size() - 1;
  std::string value = R"({"s":")";
  for (std::size_t at = around; at + 1 < line_bytes; at += 2) value += R"(\")";
  if ((line_bytes - around) % 2 == 1) value += "x";
  return value + R"("})";
}

FetchedObject damaged(FetchedObject object) {
  object.lines.resize(object.lines.size() - 5);
  return object;
}

TEST_P(WarehouseContract, ItSaysWhetherItHasALedger) {
  const auto fresh = GetParam().make();
  {
    const auto warehouse = open_place(fresh->arguments());
    const auto before = warehouse->has_ledger();
    ASSERT_TRUE(before) << before.error().message;
    EXPECT_FALSE(*before);
    ASSERT_TRUE(warehouse->init());
  }
  const auto after = open_place(fresh->arguments())->has_ledger();
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_TRUE(*after);
}

TEST_P(WarehouseContract, InitAgainChangesNothing) {
  load({{fetched(0, 0, numbered(3))}});
  ASSERT_TRUE(warehouse_->init());
  reopen();
  ASSERT_TRUE(warehouse_->init());
  EXPECT_EQ(sizes(), "3|0|1");
}

TEST_P(WarehouseContract, RowsCarryTheirCoordinates) {
  const LoadCounts counts = load({{fetched(3, 40, {R"({"a":1})", "bad", std::nullopt})}});
  EXPECT_EQ(counts.objects, 1u);
  EXPECT_EQ(counts.rows, 1u);
  EXPECT_EQ(counts.rejected, 2u);
  const std::string time = warehouse_->epoch_ms("kafka_timestamp");
  EXPECT_EQ(one("SELECT object_key, topic, topic_id, kafka_partition, kafka_offset, " + time +
                ", kafka_key, kafka_key_base64, kafka_headers, payload FROM BRONZE.SPOTIFY_EVENTS"),
            "bronze/p3_o40|spotify-events|1a2b3c4d-0000-4000-8000-000000000000|3|40|1771177956123|user|NULL|"
            R"(NULL|{"a":1})");
  EXPECT_THAT(rows("SELECT kafka_offset, " + time +
                   ", error_code, raw_base64 FROM BRONZE.REJECTED_EVENTS ORDER BY kafka_offset"),
              ElementsAre("41|1771177956123|not_json|YmFk", "42|1771177956123|tombstone|NULL"));
  EXPECT_EQ(one("SELECT object_key, topic, topic_id, kafka_partition, first_offset, last_offset, records, "
                "rejected, " +
                warehouse_->epoch_ms("first_timestamp") + ", sha256, writer FROM BRONZE.LOAD_LEDGER"),
            "bronze/p3_o40|spotify-events|1a2b3c4d-0000-4000-8000-000000000000|3|40|42|3|2|1771177956123|" +
                std::string(64, 'a') + "|test");
}

TEST_P(WarehouseContract, RowsAndLedgerOfOneLoadHaveOneTime) {
  load({{fetched(0, 0, {R"({"a":1})", "bad"})}});
  EXPECT_EQ(
      one("SELECT COUNT(DISTINCT loaded_at) FROM (SELECT loaded_at FROM BRONZE.SPOTIFY_EVENTS UNION ALL "
          "SELECT loaded_at FROM BRONZE.REJECTED_EVENTS UNION ALL SELECT loaded_at FROM BRONZE.LOAD_LEDGER) "
          "t"),
      "1");
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  EXPECT_NEAR(std::stod(one("SELECT " + warehouse_->epoch_ms("loaded_at") + " FROM BRONZE.LOAD_LEDGER")),
              static_cast<double>(now), 60'000.0);
}

TEST_P(WarehouseContract, LoadingAgainChangesNothing) {
  const std::vector<FetchedObject> objects = loader_objects();
  EXPECT_EQ(load(objects).objects, 6u);
  const LoadCounts again = load(objects);
  EXPECT_EQ(again.objects, 0u);
  EXPECT_EQ(again.rows, 0u);
  EXPECT_EQ(again.rejected, 0u);
  EXPECT_EQ(again.objects_skipped, 6u);
  EXPECT_EQ(sizes(), kAllOfLoader);
}

TEST_P(WarehouseContract, ObjectsOfTheLedgerAreSkippedAmongNewOnes) {
  load({{fetched(0, 0, numbered(2))}});
  const FetchedObject both[] = {fetched(0, 0, numbered(2)), fetched(0, 2, {R"({"a":1})", "bad"})};
  const LoadCounts counts = load(both);
  EXPECT_EQ(counts.objects, 1u);
  EXPECT_EQ(counts.objects_skipped, 1u);
  EXPECT_EQ(counts.rows, 1u);
  EXPECT_EQ(counts.rejected, 1u);
  EXPECT_EQ(sizes(), "3|1|2");
}

TEST_P(WarehouseContract, AnObjectGivenTwiceIsRefused) {
  const FetchedObject twice[] = {fetched(0, 0, numbered(2)), fetched(0, 0, numbered(2))};
  EXPECT_FALSE(load_objects(*warehouse_, twice));
  EXPECT_EQ(sizes(), "0|0|0");
}

TEST_P(WarehouseContract, NothingToLoadIsNoError) {
  EXPECT_EQ(load({}).objects, 0u);
}

TEST_P(WarehouseContract, ADamagedObjectLeavesNothingOfItsWholeCall) {
  const FetchedObject objects[] = {fetched(0, 0, numbered(3)), damaged(fetched(0, 3, numbered(3))),
                                   fetched(1, 0, numbered(3))};
  const auto counts = load_objects(*warehouse_, objects);
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(counts.error().message, HasSubstr("bronze/p0_o3 line 3"));
  EXPECT_EQ(sizes(), "0|0|0");
  EXPECT_EQ(load({objects, 1}).objects, 1u) << "the warehouse is of use after it";
}

TEST_P(WarehouseContract, LinesOfAnotherPlaceAreRefused) {
  FetchedObject moved = fetched(0, 5, numbered(1));
  moved.meta.range = {6, 7};
  EXPECT_FALSE(load_objects(*warehouse_, {&moved, 1}));
  FetchedObject short_one = fetched(0, 5, numbered(1));
  short_one.meta.range.end = 8;
  EXPECT_FALSE(load_objects(*warehouse_, {&short_one, 1}));
  FetchedObject other_partition = fetched(0, 5, numbered(1));
  other_partition.meta.chain.partition = 1;
  EXPECT_FALSE(load_objects(*warehouse_, {&other_partition, 1}));
  FetchedObject swapped = fetched(0, 0, numbered(3));
  const auto second = swapped.lines.find('\n') + 1;
  const auto third = swapped.lines.find('\n', second) + 1;
  std::rotate(swapped.lines.begin(), swapped.lines.begin() + static_cast<std::ptrdiff_t>(second),
              swapped.lines.begin() + static_cast<std::ptrdiff_t>(third));
  EXPECT_FALSE(load_objects(*warehouse_, {&swapped, 1}));
  EXPECT_EQ(sizes(), "0|0|0");
}

TEST_P(WarehouseContract, ChainsAndObjectsAreReadBack) {
  const FetchedObject objects[] = {fetched(0, 10, numbered(2)), fetched(0, 12, numbered(3)),
                                   fetched(11, 0, numbered(1))};
  load(objects);
  const auto chains = warehouse_->loaded_chains();
  ASSERT_TRUE(chains) << chains.error().message;
  ASSERT_EQ(chains->size(), 2u);
  EXPECT_EQ(chains->at(0).chain, objects[0].meta.chain);
  EXPECT_EQ(chains->at(0).start, 10);
  EXPECT_EQ(chains->at(0).end, 15);
  EXPECT_EQ(chains->at(1).chain.partition, 11);
  EXPECT_EQ(chains->at(1).end, 1);
  const auto keys = warehouse_->loaded_objects();
  ASSERT_TRUE(keys);
  EXPECT_THAT(*keys, testing::UnorderedElementsAre(objects[0].key, objects[1].key, objects[2].key));
}

TEST_P(WarehouseContract, StrangeTextTravelsUnharmed) {
  const std::vector<std::optional<std::string>> values = {
      R"({"s":"'; DROP TABLE BRONZE.SPOTIFY_EVENTS; --"})",
      R"({"s":"\" \\ \/ \b\f\n\r\t \u00e9 \u001f \\u0000 \\'"})",
      "{\"s\":\"\U0001F3B5 \u00e9 \u202e\u05e9\u05dc\u05d5\u05dd\u202c "
      "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u2028 \u00a0\"}",
      R"({"n":1e400,"m":123456789012345678901234567890,"z":-0.0,"a":1,"a":2,"b":null})",
      "{ \"spaces\" :\t[ 1 , 2 ]  }",
      R"({"percent":"%s %d ${x} {{ y }} @stage $1 ?"})",
      "{}"};
  load({{fetched(0, 0, values)}});
  std::vector<std::string> wanted;
  for (const auto& value : values) wanted.push_back(*value);
  EXPECT_EQ(rows("SELECT payload FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset"), wanted);
}

TEST_P(WarehouseContract, StrangeKeysAndHeadersTravelUnharmed) {
  FetchedObject object = fetched(0, 0, numbered(4));
  object.lines.clear();
  lake::LineEncoder encoder;
  const std::vector<std::optional<std::string>> keys = {std::nullopt, "", "k'\"\\\n\x01\U0001F3B5",
                                                        "\xff\x00"};
  const std::vector<log::HeaderView> headers = {{"trace'\"", "\x01\x02"}, {"none", std::nullopt}};
  for (log::Offset offset = 0; offset < 4; ++offset) {
    log::RecordView record;
    record.offset = offset;
    record.timestamp = UtcMillis(std::chrono::milliseconds(offset == 3 ? -1 : 0));
    const auto& key = keys[static_cast<std::size_t>(offset)];
    if (key) record.key = *key;
    record.value = "{}";
    if (offset == 2) record.headers = headers;
    encoder.append(object.lines, record);
  }
  load({&object, 1});
  EXPECT_THAT(
      rows("SELECT kafka_key, kafka_key_base64, kafka_headers, " + warehouse_->epoch_ms("kafka_timestamp") +
           " FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset"),
      ElementsAre("NULL|NULL|NULL|0", "|NULL|NULL|0",
                  "k'\"\\\n\x01\U0001F3B5|NULL|[[\"trace'\\\"\",\"AQI=\"],[\"none\",null]]|0",
                  "NULL|/w==|NULL|-1"));
}

TEST_P(WarehouseContract, TheLargestLineIsKeptAndALargerOneIsRejected) {
  const std::string largest = value_of_line(lake::kBronzeLineBytesMax);
  const std::string larger = value_of_line(lake::kBronzeLineBytesMax + 1);
  // A record that the sink rejected, and whose bytes are too many as well.
  const std::string no_json(lake::kBronzeLineBytesMax * 3 / 4, 'x');
  const LoadCounts counts = load({{fetched(0, 0, {largest, larger, R"({"a":1})", no_json})}});
  EXPECT_EQ(counts.rows, 2u);
  EXPECT_EQ(counts.rejected, 2u);
  EXPECT_EQ(rows("SELECT payload FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset"),
            (std::vector<std::string>{largest, R"({"a":1})"}));
  EXPECT_THAT(
      rows("SELECT kafka_offset, error_code, raw_base64, kafka_key, kafka_key_base64, kafka_headers FROM "
           "BRONZE.REJECTED_EVENTS ORDER BY kafka_offset"),
      ElementsAre("1|line_too_large|NULL|NULL|NULL|NULL", "3|line_too_large|NULL|NULL|NULL|NULL"));
  EXPECT_EQ(one("SELECT records, rejected FROM BRONZE.LOAD_LEDGER"), "4|1") << "as the object says of itself";
}

TEST_P(WarehouseContract, TimesBeyondTheYears1And9999AreDrawnIn) {
  FetchedObject object = fetched(0, 0, numbered(4));
  object.lines.clear();
  lake::LineEncoder encoder;
  constexpr std::int64_t kTimes[] = {INT64_MIN, -62'135'596'800'001, 253'402'300'799'999, INT64_MAX};
  for (log::Offset offset = 0; offset < 4; ++offset) {
    log::RecordView record;
    record.offset = offset;
    record.timestamp = UtcMillis(std::chrono::milliseconds(kTimes[offset]));
    record.value = "{}";
    encoder.append(object.lines, record);
  }
  load({&object, 1});
  EXPECT_THAT(rows("SELECT " + warehouse_->epoch_ms("kafka_timestamp") +
                   " FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset"),
              ElementsAre("-62135596800000", "-62135596800000", "253402300799999", "253402300799999"));
}

TEST_P(WarehouseContract, TimesAreTakenToTheMicrosecond) {
  EXPECT_EQ(one("SELECT " + warehouse_->epoch_us("t") +
                " FROM (SELECT CAST('2026-02-15 17:52:36.123456' AS TIMESTAMP) AS t) AS times"),
            "1771177956123456");
  EXPECT_EQ(one("SELECT " + warehouse_->epoch_us("t") +
                " FROM (SELECT CAST('9999-12-31 23:59:59.999' AS TIMESTAMP) AS t) AS times"),
            "253402300799999000");
}

TEST_P(WarehouseContract, TheCatalogueNamesTypesAsTheWarehouseSays) {
  EXPECT_THAT(
      rows("SELECT CASE WHEN data_type = 'NUMBER' THEN data_type || '(' || CAST(numeric_scale AS VARCHAR) || "
           "')' "
           "ELSE data_type END FROM information_schema.columns WHERE upper(table_schema) = 'BRONZE' AND "
           "upper(table_name) = 'SPOTIFY_EVENTS' AND upper(column_name) IN ('KAFKA_OFFSET', "
           "'KAFKA_PARTITION', "
           "'KAFKA_TIMESTAMP', 'PAYLOAD', 'TOPIC') ORDER BY upper(column_name)"),
      ElementsAre(warehouse_->catalogued_type("BIGINT"), warehouse_->catalogued_type("INTEGER"),
                  warehouse_->catalogued_type("TIMESTAMP"), warehouse_->catalogued_type("JSON"),
                  warehouse_->catalogued_type("VARCHAR")));
}

TEST_P(WarehouseContract, TenThousandObjectsCostNoMoreStatementsThanOne) {
  std::vector<FetchedObject> objects;
  for (log::Offset first = 0; first < 20'000; first += 2)
    objects.push_back(fetched(0, first, {R"({"a":1})", R"({"a":2})"}));
  const LoadCounts counts = load(objects);
  EXPECT_EQ(counts.objects, 10'000u);
  EXPECT_LE(counts.statements, GetParam().statements_max);
  EXPECT_EQ(sizes(), "20000|0|10000");
  EXPECT_EQ(warehouse_->loaded_objects()->size(), 10'000u);
}

TEST_P(WarehouseContract, CellsAreTextByTheirTypes) {
  EXPECT_EQ(
      one("SELECT CAST(NULL AS INTEGER), '', 'x', 1 = 1, 1 = 2, CAST(-7 AS BIGINT), CAST(9223372036854775807 "
          "AS BIGINT), CAST('2026-02-15' AS DATE), CAST('2026-02-15 17:52:36.120' AS TIMESTAMP), "
          "CAST('2026-02-15 00:00:00' AS TIMESTAMP)"),
      "NULL||x|true|false|-7|9223372036854775807|2026-02-15|2026-02-15 17:52:36.12|2026-02-15 00:00:00");
  EXPECT_EQ(one("SELECT CAST(1.50 AS DECIMAL(10, 2)), CAST(-0.05 AS DECIMAL(10, 2)), CAST(0.5 AS DOUBLE "
                "PRECISION)"),
            "1.50|-0.05|0.5");
}

TEST_P(WarehouseContract, ScansKeepTheOrderOfTheQuery) {
  load({{fetched(0, 0, numbered(5'000))}});
  const auto found = rows("SELECT kafka_offset FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset DESC");
  ASSERT_EQ(found.size(), 5'000u);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], std::to_string(4'999 - i));
}

TEST_P(WarehouseContract, QueriesNameTheirColumns) {
  const auto table = warehouse_->query("SELECT 1 AS \"A\", 'x' AS \"B c\" WHERE 1 = 0");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->columns, ElementsAre("A", "B c"));
  EXPECT_TRUE(table->rows.empty());
}

TEST_P(WarehouseContract, QueriesMayEndInASemicolonOrAComment) {
  EXPECT_EQ(one("SELECT 1;"), "1");
  EXPECT_EQ(one("-- why\nSELECT 1 -- because\n"), "1");
  EXPECT_EQ(one("WITH t AS (SELECT 2 AS n) SELECT n FROM t"), "2");
}

TEST_P(WarehouseContract, QueriesCannotWrite) {
  for (const std::string_view sql :
       {"CREATE TABLE BRONZE.X (i INTEGER)", "DELETE FROM BRONZE.LOAD_LEDGER",
        "DROP TABLE BRONZE.LOAD_LEDGER",
        "/* SELECT */ INSERT INTO BRONZE.SPOTIFY_EVENTS SELECT * FROM BRONZE.SPOTIFY_EVENTS",
        "SELECT 1; DROP TABLE BRONZE.LOAD_LEDGER"}) {
    EXPECT_FALSE(warehouse_->query(sql)) << sql;
  }
  EXPECT_EQ(sizes(), "0|0|0");
}

TEST_P(WarehouseContract, ErrorsOfQueriesSayWhatIsWrongAndLeaveTheWarehouseOfUse) {
  const auto missing = warehouse_->query("SELECT * FROM BRONZE.NO_SUCH_TABLE");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("NO_SUCH_TABLE"));
  EXPECT_FALSE(warehouse_->query("SELECT FROM WHERE"));
  EXPECT_EQ(one("SELECT 1"), "1");
}

TEST_P(WarehouseContract, AVisitorEndsAScan) {
  load({{fetched(0, 0, numbered(3'000))}});
  int seen = 0;
  const auto scanned =
      warehouse_->scan("SELECT payload FROM BRONZE.SPOTIFY_EVENTS", [&](RowView) -> Result<void> {
        if (++seen == 2) return fail(ErrorKind::interrupted, "enough");
        return {};
      });
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(sizes(), "3000|0|1");
}

TEST_P(WarehouseContract, WorkersOfAScanSeeEachRowOnce) {
  constexpr int kWorkers = 3;
  constexpr int kRows = 20'000;
  load({{fetched(0, 0, numbered(kRows))}});
  std::array<std::vector<std::string>, kWorkers> seen;
  const auto scanned = warehouse_->scan_side_by_side(
      "SELECT kafka_offset FROM BRONZE.SPOTIFY_EVENTS", kWorkers, [&](int worker, RowView row) {
        seen.at(static_cast<std::size_t>(worker)).emplace_back(*row[0]);
        return Result<void>();
      });
  ASSERT_TRUE(scanned) << scanned.error().message;
  std::set<std::string> offsets;
  std::size_t rows = 0;
  for (const auto& part : seen) {
    rows += part.size();
    offsets.insert(part.begin(), part.end());
  }
  EXPECT_EQ(rows, kRows);
  EXPECT_EQ(offsets.size(), kRows);
}

TEST_P(WarehouseContract, AWorkerEndsAScan) {
  load({{fetched(0, 0, numbered(20'000))}});
  std::atomic<int> seen = 0;
  const auto scanned = warehouse_->scan_side_by_side("SELECT payload FROM BRONZE.SPOTIFY_EVENTS", 3,
                                                     [&](int, RowView) -> Result<void> {
                                                       if (++seen == 2)
                                                         return fail(ErrorKind::interrupted, "enough");
                                                       return {};
                                                     });
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().kind, ErrorKind::interrupted);
  EXPECT_LT(seen, 20'000);
  EXPECT_EQ(sizes(), "20000|0|1");
}

TEST_P(WarehouseContract, RowsThatAreKeptAreThoseOfTheirQueryAndLeaveNothingBehind) {
  load({{fetched(0, 0, numbered(3))}});
  const auto tables = one("SELECT COUNT(*) FROM information_schema.tables");
  const auto kept = warehouse_->keep("sdp_rows", "SELECT kafka_offset FROM BRONZE.SPOTIFY_EVENTS");
  ASSERT_TRUE(kept) << kept.error().message;
  if (*kept) {
    EXPECT_EQ(one("SELECT CAST(SUM(kafka_offset) AS BIGINT) FROM " + **kept), "3");
    const auto again = warehouse_->keep("sdp_rows", "SELECT 5 AS five");
    ASSERT_TRUE(again && *again);
    EXPECT_EQ(one("SELECT five FROM " + **again), "5");
    EXPECT_FALSE(warehouse_->keep("sdp_other", "SELECT nothing FROM BRONZE.SPOTIFY_EVENTS"));
  }
  reopen();
  EXPECT_EQ(one("SELECT COUNT(*) FROM information_schema.tables"), tables);
}

TEST_P(WarehouseContract, ClosedWarehousesCanBeOpenedAgain) {
  load({{fetched(0, 0, numbered(3))}});
  ASSERT_TRUE(warehouse_->close());
  reopen();
  EXPECT_EQ(sizes(), "3|0|1");
}

TEST_P(WarehouseContract, DescriptionsHaveNoSecret) {
  EXPECT_FALSE(warehouse_->describe().empty());
  EXPECT_THAT(warehouse_->describe(), testing::Not(HasSubstr("password")));
}

TEST_P(WarehouseContract, ALoaderKilledAtAnyStepLeavesAllOrNothing) {
  for (const std::string& step : GetParam().steps) {
    SCOPED_TRACE(step);
    place_ = GetParam().make();
    warehouse_.reset();
    ASSERT_EQ(loader(*place_, step).wait(), kKilled);
    reopen();
    ASSERT_TRUE(warehouse_->init());
    const auto committed = std::ranges::find(GetParam().steps, GetParam().committed_step);
    const bool is_committed = std::ranges::find(GetParam().steps, step) >= committed;
    EXPECT_EQ(sizes(), is_committed ? kAllOfLoader : "0|0|0");
    const LoadCounts counts = load(loader_objects());
    EXPECT_EQ(counts.objects, is_committed ? 0u : 6u);
    EXPECT_EQ(sizes(), kAllOfLoader);
  }
}

TEST_P(WarehouseContract, TwoLoadersAtOnceLoadEachObjectOnce) {
  if (!GetParam().is_shared) {
    // The second one is told that the first has it, and does nothing.
    auto second = loader(*place_, "-");
    EXPECT_NE(second.wait(), 0);
    EXPECT_EQ(sizes(), "0|0|0");
    return;
  }
  std::vector<support::ChildProcess> loaders;
  for (int i = 0; i < 3; ++i) loaders.push_back(loader(*place_, "-"));
  for (auto& process : loaders) EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(sizes(), kAllOfLoader);
  EXPECT_EQ(one("SELECT COUNT(*) FROM (SELECT DISTINCT topic_id, kafka_partition, kafka_offset FROM "
                "BRONZE.SPOTIFY_EVENTS) t"),
            "108");
}

}  // namespace
}  // namespace sdp::warehouse
