#include "warehouse/duckdb/duckdb_warehouse.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "lake/line.h"
#include "support/temporary_folder.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {
namespace {

class DuckDbWarehouseTest : public testing::Test {
 protected:
  void SetUp() override {
    warehouse_ = open();
    ASSERT_TRUE(warehouse_->init());
  }
  std::unique_ptr<DuckDbWarehouse> open() {
    auto warehouse = DuckDbWarehouse::open({.path = folder_ / "spotify_db.duckdb"}, base::system_clock());
    EXPECT_TRUE(warehouse) << warehouse.error().message;
    return std::move(*warehouse);
  }

  /// Offsets [first, first + values) of partition 0.
  FetchedObject fetched(log::Offset first, const std::vector<std::optional<std::string>>& values) {
    FetchedObject object;
    object.key = "bronze/object-" + std::to_string(first);
    object.meta.topic = "spotify-events";
    object.meta.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), 0};
    object.meta.range = {first, first + static_cast<log::Offset>(values.size())};
    object.meta.records = static_cast<std::int64_t>(values.size());
    object.meta.sha256 = std::string(64, 'a');
    object.meta.writer = "test";
    lake::LineEncoder encoder;
    for (const auto& value : values) {
      log::RecordView record;
      record.offset = first++;
      record.timestamp = UtcMillis(std::chrono::milliseconds(1'771'177'956'123));
      record.key = "user";
      if (value) record.value = *value;
      if (encoder.append(object.lines, record)) ++object.meta.rejected;
    }
    return object;
  }
  std::string one(std::string_view sql) {
    const auto table = warehouse_->query(sql);
    EXPECT_TRUE(table) << table.error().message;
    return table->rows.at(0).at(0).value_or("NULL");
  }

  support::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  std::unique_ptr<DuckDbWarehouse> warehouse_;
};

TEST_F(DuckDbWarehouseTest, RowsCarryTheirCoordinates) {
  const FetchedObject object = fetched(40, {R"({"a":1})", "bad", std::nullopt});
  const auto counts = load_objects(*warehouse_, {&object, 1});
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->rows, 1u);
  EXPECT_EQ(counts->rejected, 2u);
  EXPECT_EQ(one("SELECT payload || kafka_offset || kafka_key || epoch_ms(kafka_timestamp) FROM "
                "SPOTIFY_DB.BRONZE.SPOTIFY_EVENTS"),
            R"({"a":1}40user1771177956123)");
  EXPECT_EQ(one("SELECT string_agg(error_code || coalesce(raw_base64, 'NULL'), ' ' ORDER BY kafka_offset) "
                "FROM BRONZE.REJECTED_EVENTS"),
            "not_jsonYmFk tombstoneNULL");
  EXPECT_EQ(one("SELECT count(*) FROM BRONZE.LOAD_LEDGER WHERE first_offset = 40 AND last_offset = 42"), "1");
}

TEST_F(DuckDbWarehouseTest, LoadingTwiceChangesNothing) {
  const FetchedObject object = fetched(0, {R"({"a":1})", R"({"a":2})"});
  ASSERT_TRUE(load_objects(*warehouse_, {&object, 1}));
  const auto again = load_objects(*warehouse_, {&object, 1});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->objects_skipped, 1u);
  EXPECT_EQ(one("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS"), "2");
}

TEST_F(DuckDbWarehouseTest, DamagedObjectLeavesNothingOfItsWholeCall) {
  const FetchedObject objects[] = {fetched(0, {R"({"a":1})"}), [&] {
                                     FetchedObject damaged = fetched(1, {R"({"a":2})", R"({"a":3})"});
                                     damaged.lines.resize(damaged.lines.size() - 5);
                                     return damaged;
                                   }()};
  const auto counts = load_objects(*warehouse_, objects);
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().kind, ErrorKind::bad_input);
  EXPECT_NE(counts.error().message.find("bronze/object-1 line"), std::string::npos) << counts.error().message;
  EXPECT_EQ(one("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM BRONZE.LOAD_LEDGER"), "0");
}

TEST_F(DuckDbWarehouseTest, LinesOfAnotherPlaceAreRefused) {
  FetchedObject moved = fetched(5, {R"({"a":1})"});
  moved.meta.range = {6, 7};
  EXPECT_FALSE(load_objects(*warehouse_, {&moved, 1}));
  FetchedObject short_one = fetched(5, {R"({"a":1})"});
  short_one.meta.range.end = 8;
  EXPECT_FALSE(load_objects(*warehouse_, {&short_one, 1}));
}

TEST_F(DuckDbWarehouseTest, ManyChunksOfRowsComeBackTheSame) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 5'000; ++i) values.emplace_back("{\"n\":" + std::to_string(i) + "}");
  const FetchedObject object = fetched(0, values);
  ASSERT_TRUE(load_objects(*warehouse_, {&object, 1}));
  int next = 0;
  ASSERT_TRUE(warehouse_->scan("SELECT payload FROM BRONZE.SPOTIFY_EVENTS ORDER BY kafka_offset",
                               [&](RowView row) -> Result<void> {
                                 EXPECT_EQ(row[0], values[static_cast<std::size_t>(next++)]);
                                 return {};
                               }));
  EXPECT_EQ(next, 5'000);
  const auto chains = warehouse_->loaded_chains();
  ASSERT_EQ(chains->size(), 1u);
  EXPECT_EQ(chains->front().end, 5'000);
}

TEST_F(DuckDbWarehouseTest, StrangeTextTravelsUnharmed) {
  const std::string value =
      R"({"s":"'; DROP TABLE x; -- \" \\ 🎵 \u202e é","n":1e400,"big":123456789012345678901234567890})";
  const FetchedObject object = fetched(0, {value});
  ASSERT_TRUE(load_objects(*warehouse_, {&object, 1}));
  EXPECT_EQ(one("SELECT payload FROM BRONZE.SPOTIFY_EVENTS"), value);
}

TEST_F(DuckDbWarehouseTest, RowsAreKeptOfAFileThatIsOnlyRead) {
  const FetchedObject object = fetched(0, {R"({"a":1})", R"({"a":2})"});
  ASSERT_TRUE(load_objects(*warehouse_, {&object, 1}));
  ASSERT_TRUE(warehouse_->close());
  const std::filesystem::path file = folder_ / "spotify_db.duckdb";
  const auto size = std::filesystem::file_size(file);
  auto reader = DuckDbWarehouse::open({.path = file, .read_only = true}, base::system_clock());
  ASSERT_TRUE(reader) << reader.error().message;
  warehouse_ = std::move(*reader);
  const auto kept = warehouse_->keep("sdp_rows", "SELECT payload FROM BRONZE.SPOTIFY_EVENTS");
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ(one("SELECT count(*) FROM " + **kept), "2");
  EXPECT_EQ(one("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'sdp_rows' AND NOT temporary"), "0");
  ASSERT_TRUE(warehouse_->close());
  EXPECT_EQ(std::filesystem::file_size(file), size);
}

TEST_F(DuckDbWarehouseTest, OtherFileNamesAreRefused) {
  const auto other = DuckDbWarehouse::open({.path = folder_ / "other.duckdb"}, base::system_clock());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::misconfigured);
}

TEST_F(DuckDbWarehouseTest, ClosedFileCanBeOpenedAgain) {
  ASSERT_TRUE(warehouse_->close());
  EXPECT_FALSE(warehouse_->query("SELECT 1"));
  warehouse_ = open();
  EXPECT_EQ(one("SELECT 1"), "1");
}

}  // namespace
}  // namespace sdp::warehouse
