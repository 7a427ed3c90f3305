// Seconds to load a lake in memory into DuckDB, and DuckDB's own readers on the same lines:
// `load_bench FOLDER [RECORDS] [OBJECTS] [none|gzip|zstd]`. FOLDER must be new; it is not removed.

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/sha256.h"
#include "lake/line.h"
#include "lake/object_key.h"
#include "load/load_runner.h"
#include "store/memory/memory_store.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::load {
namespace {

constexpr log::Partition kPartitions = 6;

template <typename T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}

void report(std::string_view what, log::Offset records, const std::function<void()>& act) {
  const auto cpu_seconds = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  };
  const auto started = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  act();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{:<28} {:6.2f} s {:9.0f} records/s {:6.2f} CPU s {:5} MB peak\n", what, took,
             static_cast<double>(records) / took, cpu_seconds() - cpu, usage.ru_maxrss / 1024);
}

/// Puts one object of `records` events and appends its lines to `plain`.
void put_object(store::MemoryStore& store, std::ofstream& plain, log::Partition partition, log::Offset first,
                log::Offset records, lake::Compression compression, Rng& rng) {
  std::string lines;
  lake::LineEncoder encoder;
  const UtcMillis time{std::chrono::seconds(1'771'177'956)};
  for (log::Offset offset = first; offset < first + records; ++offset) {
    const std::string user = base::to_string(base::uuid4(rng));
    const std::string value = fmt::format(
        R"({{"event_id":"{}","event_type":"play","user_id":"{}","song_id":"74a42680-ff06-55cf-9f7b-426cd71bda2b",)"
        R"("song_name":"Blinding Lights","artist_name":"The Weeknd","device_type":"mobile","country":"DE",)"
        R"("timestamp":"2026-02-15T17:52:36.{:03}Z","session_id":"{}","position_ms":{},"duration_ms":200040}})",
        base::to_string(base::uuid4(rng)), user, rng.below(1000), base::to_string(base::uuid4(rng)),
        rng.below(200'040));
    log::RecordView record;
    record.partition = partition;
    record.offset = offset;
    record.timestamp = time;
    record.key = user;
    record.value = value;
    encoder.append(lines, record);
  }
  plain << lines;
  lake::ObjectMeta meta;
  meta.topic = "spotify-events";
  meta.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), partition};
  meta.range = {first, first + records};
  meta.records = records;
  meta.first_timestamp = meta.last_timestamp = time;
  meta.writer = "bench";
  const std::string body = must(lake::compress(compression, lines));
  meta.sha256 = base::sha256_hex(body);
  const std::string key =
      lake::format_key({time, lake::short_id(meta.chain.topic_id), partition, first, compression});
  must(store.put_new(key, body, lake::to_metadata(meta), "application/x-ndjson"));
}

void load_all(store::MemoryStore& store, const std::filesystem::path& folder, log::Offset records) {
  auto warehouse = must(
      warehouse::DuckDbWarehouse::open({.path = folder / "load/spotify_db.duckdb"}, base::system_clock()));
  must(warehouse->init());
  report("load", records, [&] {
    const LoadSummary summary = must(LoadRunner(store, *warehouse, base::system_clock()).run({}));
    if (static_cast<log::Offset>(summary.counts.rows) != records || !summary.problems.empty()) std::abort();
  });
  report("load again, nothing new", records,
         [&] { must(LoadRunner(store, *warehouse, base::system_clock()).run({})); });
  report("close", records, [&] { must(warehouse->close()); });
}

/// DuckDB's own way of making a table of the lines, in a file of its own, which is closed as ours is.
void read_by_duckdb(const std::filesystem::path& folder, log::Offset records, std::string_view name,
                    std::string_view select) {
  std::optional connection(
      must(warehouse::duckdb::Connection::open({.path = folder / name / "spotify_db.duckdb"})));
  report(fmt::format("DuckDB {}", name), records,
         [&] { must(connection->execute(fmt::format("CREATE TABLE lines AS {}", select))); });
  report("close", records, [&] { connection.reset(); });
}

void read_by_duckdb(const std::filesystem::path& folder, log::Offset records) {
  const std::string lines = folder / "lines.json";
  for (const auto* name : {"read_json", "read_ndjson_objects"})
    std::filesystem::create_directories(folder / name);
  read_by_duckdb(
      folder, records, "read_json",
      fmt::format(
          "SELECT * FROM read_json('{}', format = 'newline_delimited', columns = {{_kafka_partition: "
          "'INTEGER', _kafka_offset: 'BIGINT', _kafka_timestamp: 'BIGINT', _kafka_key: 'VARCHAR', event_id: "
          "'VARCHAR', event_type: 'VARCHAR', user_id: 'VARCHAR', song_id: 'VARCHAR', song_name: 'VARCHAR', "
          "artist_name: 'VARCHAR', device_type: 'VARCHAR', country: 'VARCHAR', timestamp: 'VARCHAR', "
          "session_id: 'VARCHAR', position_ms: 'BIGINT', duration_ms: 'BIGINT'}})",
          lines));
  read_by_duckdb(folder, records, "read_ndjson_objects",
                 fmt::format("SELECT json FROM read_ndjson_objects('{}')", lines));
}

}  // namespace
}  // namespace sdp::load

int main(int argc, char** argv) {
  using namespace sdp;
  if (argc < 2) return 2;
  const std::filesystem::path folder = argv[1];
  const log::Offset records = argc > 2 ? std::atoll(argv[2]) : 1'000'000;
  const int objects = argc > 3 ? std::atoi(argv[3]) : 20;
  const auto compression = lake::parse_compression(argc > 4 ? argv[4] : "zstd");
  if (!compression || objects < 1 || !std::filesystem::create_directories(folder)) return 2;
  store::MemoryStore store;
  {
    std::ofstream plain(folder / "lines.json", std::ios::binary);
    Rng rng(1);
    const log::Offset each = records / objects;
    for (int i = 0; i < objects; ++i) {
      load::put_object(store, plain, i % load::kPartitions, i / load::kPartitions * each, each, *compression,
                       rng);
    }
  }
  load::load_all(store, folder, records / objects * objects);
  load::read_by_duckdb(folder, records / objects * objects);
}
