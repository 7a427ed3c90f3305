#include "integration/verify_world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "event/encode.h"
#include "event/schema.h"
#include "lake/compression.h"
#include "lake/hour_marker.h"
#include "lake/line.h"
#include "support/event_text.h"
#include "verify/witness.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/warehouse.h"

namespace sdp::testing {
namespace {

namespace fs = std::filesystem;

const UtcMillis kStart = *base::parse_iso("2026-02-15T17:52:36.123Z");

void must(const auto& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

/// One record on its way into the log, and what is to become of it.
struct Draft {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<log::HeaderView> headers;
  Fact fact;
};

class Drafter {
 public:
  explicit Drafter(std::uint64_t seed) : rng_(seed) {}

  event::ListeningEvent event(UtcMillis now) {
    static constexpr std::string_view kSongs[] = {"Levitating", "Stronger", "Love \"Story\"", "Größer",
                                                  "Blinding Lights"};
    static constexpr std::string_view kCountries[] = {"CA", "DE", "IN", "UK", "US"};
    event::ListeningEvent event;
    const auto song = kSongs[rng_.below(std::size(kSongs))];
    event.event_id = base::uuid4(rng_);
    event.event_type = static_cast<event::EventType>(rng_.below(4));
    Rng user(rng_.below(12));
    event.user_id = base::uuid4(user);
    event.song_id = base::uuid5(base::kNamespaceDns, song);
    event.song_name = song;
    event.artist_name = rng_.chance(0.1) ? "An Artist" : "Artist of " + std::string(song);
    event.device_type = static_cast<event::DeviceType>(rng_.below(3));
    const auto country = kCountries[rng_.below(std::size(kCountries))];
    event.country = {{country[0], country[1]}};
    event.timestamp = now - std::chrono::hours(rng_.below(60)) - std::chrono::milliseconds(rng_.below(1000));
    if (rng_.chance(0.5)) event.session_id = "s" + std::to_string(rng_.below(50));
    if (rng_.chance(0.7)) event.position_ms = static_cast<std::int64_t>(rng_.below(200'000));
    if (rng_.chance(0.7)) event.duration_ms = static_cast<std::int64_t>(rng_.below(300'000));
    if (rng_.chance(0.5)) event.app_version = rng_.chance(0.1) ? "" : "7.1";
    if (rng_.chance(0.5)) event.schema_version = 1;
    return event;
  }

  Rng& rng() { return rng_; }

 private:
  Rng rng_;
};

/// Replaces a whole member of an event's JSON.
/// A warehouse into which somebody loads once the ledger was read, before the first row is.
class LoadedMeanwhile final : public warehouse::Warehouse {
 public:
  LoadedMeanwhile(warehouse::Warehouse& inner, std::function<void(warehouse::Warehouse&)> load)
      : inner_(inner), load_(std::move(load)) {}

  Result<void> scan(std::string_view sql,
                    const std::function<Result<void>(warehouse::RowView)>& visit) override {
    if (load_ && sql.contains("FROM BRONZE.SPOTIFY_EVENTS")) std::exchange(load_, nullptr)(inner_);
    return inner_.scan(sql, visit);
  }

  Result<void> init() override { return inner_.init(); }
  Result<bool> has_ledger() override { return inner_.has_ledger(); }
  Result<std::vector<warehouse::LoadedChain>> loaded_chains() override { return inner_.loaded_chains(); }
  Result<std::vector<std::string>> loaded_objects() override { return inner_.loaded_objects(); }
  Result<warehouse::LoadCounts> load(warehouse::ObjectSource& objects) override {
    return inner_.load(objects);
  }
  Result<warehouse::Table> query(std::string_view sql) override { return inner_.query(sql); }
  Result<void> close() override { return inner_.close(); }
  std::string describe() const override { return inner_.describe(); }
  std::string epoch_ms(std::string_view column) const override { return inner_.epoch_ms(column); }
  std::string epoch_us(std::string_view column) const override { return inner_.epoch_us(column); }
  std::string catalogued_type(std::string_view type) const override { return inner_.catalogued_type(type); }
  std::string columns_of_view(std::string_view view) const override { return inner_.columns_of_view(view); }

 private:
  warehouse::Warehouse& inner_;
  std::function<void(warehouse::Warehouse&)> load_;
};

std::string with_member(std::string json, std::string_view name, std::string_view value) {
  const auto at = json.find(fmt::format("\"{}\":", name));
  SDP_ASSERT(at != std::string::npos);
  const auto start = at + name.size() + 3;
  const auto end = json.find_first_of(",}", json[start] == '"' ? json.find('"', start + 1) : start);
  return json.replace(start, end - start, value);
}

std::string without_member(const std::string& json, std::string_view name) {
  std::string out = with_member(json, name, "@");
  const std::string gone = fmt::format("\"{}\":@,", name);
  return out.erase(out.find(gone), gone.size());
}

/// An event that silver refuses.
void spoil_for_silver(Draft& draft, Rng& rng, const std::string& json) {
  using event::Reason;
  switch (rng.below(7)) {
    case 0:
      draft.value = without_member(json, "user_id");
      draft.fact.by_silver = {{Reason::missing_field, "user_id"}};
      return;
    case 1:
      draft.value = with_member(json, "country", "\"usa\"");
      draft.fact.by_silver = {{Reason::bad_country, "country"}};
      return;
    case 2:
      draft.value = with_member(json, "timestamp", "\"2026-02-30T00:00:00Z\"");
      draft.fact.by_silver = {{Reason::bad_timestamp, "timestamp"}};
      return;
    case 3:
      draft.value = with_member(json, "device_type", "7");
      draft.fact.by_silver = {{Reason::wrong_type, "device_type"}};
      return;
    case 4:
      draft.value = with_member(json, "event_type", "\"rewind\"");
      draft.fact.by_silver = {{Reason::unknown_event_type, "event_type"}};
      return;
    case 5:
      draft.value =
          with_member(with_member(without_member(json, "artist_name"), "country", "7"), "timestamp", "\"\"");
      draft.fact.by_silver = {{Reason::missing_field, "artist_name"},
                              {Reason::wrong_type, "country"},
                              {Reason::bad_timestamp, "timestamp"}};
      return;
    default:
      draft.value = "{ }";
      for (const event::Field& field : event::kFields) {
        if (field.required) draft.fact.by_silver.push_back({Reason::missing_field, field.name});
      }
  }
}

/// A record that the sink refuses.
void spoil_for_sink(Draft& draft, Rng& rng, const std::string& json) {
  using lake::RejectCode;
  struct Bad {
    std::optional<std::string> value;
    RejectCode code;
  };
  const std::vector<Bad> bad = {
      {std::nullopt, RejectCode::tombstone},
      {"", RejectCode::empty_value},
      {" \n", RejectCode::empty_value},
      {json.substr(0, json.size() - 3), RejectCode::not_json},
      {"hello", RejectCode::not_json},
      {"[" + json + "]", RejectCode::not_object},
      {"{\"a\":\"\xFF\"}", RejectCode::not_utf8},
      {"{\"a\":" + std::string(80, '[') + std::string(80, ']') + "}", RejectCode::too_deep},
      {"{\"_kafka_offset\":1}", RejectCode::reserved_member},
      {"{\"a\":\"\\u0000\"}", RejectCode::nul_character}};
  const Bad& chosen = bad[rng.below(bad.size())];
  draft.value = chosen.value;
  draft.fact.by_sink = chosen.code;
}

/// A record that the sink keeps or refuses, but whose line is too large for warehouses.
void make_large(Draft& draft, bool kept, const std::string& json) {
  const std::string filling(lake::kBronzeLineBytesMax, 'x');
  draft.value = kept ? with_member(json, "song_name", "\"" + filling + "\"") : filling;
  draft.fact.by_sink = lake::RejectCode::line_too_large;
}

/// JSON as people write it: white space around and between.
std::string spread(std::string json) {
  json.insert(1, "\n  ");
  return "  " + json + "\r\n";
}

std::string sql_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

std::string sql_time(UtcMillis time) {
  return fmt::format("make_timestamp({})", time.time_since_epoch().count() * 1000);
}

std::string coordinates(const Fact& fact) {
  return fmt::format("{},{},{},{},{}", sql_quoted(base::to_string(fact.chain.topic_id)), fact.chain.partition,
                     fact.offset, sql_time(fact.timestamp), sql_quoted(fact.object_key));
}

/// The columns of silver that hold an event's fields.
std::string event_columns() {
  std::string columns;
  for (const event::Field& field : event::kFields) {
    const std::string_view type = field.type == event::FieldType::time      ? "TIMESTAMP"
                                  : field.type == event::FieldType::integer ? "BIGINT"
                                                                            : "VARCHAR";
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", field.name, type);
  }
  return columns;
}

// One overload a type of member: its value as SQL.
std::string sql_value(const Uuid& id) {
  return sql_quoted(base::to_string(id));
}
std::string sql_value(event::EventType type) {
  return sql_quoted(event::name(type));
}
std::string sql_value(event::DeviceType type) {
  return sql_quoted(event::name(type));
}
std::string sql_value(const event::Country& country) {
  return sql_quoted(country.view());
}
std::string sql_value(const std::string& text) {
  return sql_quoted(text);
}
std::string sql_value(UtcMillis time) {
  return sql_time(time);
}
std::string sql_value(std::int64_t number) {
  return std::to_string(number);
}
template <typename T>
std::string sql_value(const std::optional<T>& value) {
  return value ? sql_value(*value) : "NULL";
}

std::string silver_row(const Fact& fact) {
  std::string row = "(" + coordinates(fact);
  std::apply([&](const auto&... values) { ((row += "," + sql_value(values)), ...); },
             event::members(fact.event));
  return row + ")";
}

std::string insert(std::string_view table, const std::vector<std::string>& rows) {
  if (rows.empty()) return "";
  return fmt::format("INSERT INTO {} VALUES {};", table, fmt::join(rows, ","));
}

/// What dbt notes of a mart when it closes a batch.
std::string part(std::string_view mart, std::size_t rows) {
  return fmt::format("('mart',{},NULL,{},{})", sql_quoted(mart), rows, sql_time(kStart));
}

/// The bytes of a rejected row are those of its row in bronze.
constexpr std::string_view kRejectedTable =
    "CREATE OR REPLACE TABLE TRANSFORM.SPOTIFY_REJECTED AS SELECT refused.*, CAST(events.payload AS VARCHAR) "
    "AS "
    "payload, rejected.raw_base64 FROM refused LEFT JOIN BRONZE.SPOTIFY_EVENTS AS events ON refused.topic_id "
    "= "
    "events.topic_id AND refused.kafka_partition = events.kafka_partition AND refused.kafka_offset = "
    "events.kafka_offset LEFT JOIN BRONZE.REJECTED_EVENTS AS rejected ON refused.topic_id = "
    "rejected.topic_id AND "
    "refused.kafka_partition = rejected.kafka_partition AND refused.kafka_offset = rejected.kafka_offset;";

constexpr std::string_view kCoordinateColumns =
    "topic_id VARCHAR, kafka_partition INTEGER, kafka_offset BIGINT, kafka_timestamp TIMESTAMP, object_key "
    "VARCHAR";

}  // namespace

Result<store::PutOutcome> EditableStore::put_new(std::string_view key, const store::Body& body,
                                                 const store::Metadata& metadata, std::string_view) {
  const bool fresh =
      objects.try_emplace(std::string(key), store::Object{std::string(body.bytes), metadata}).second;
  return fresh ? store::PutOutcome::created : store::PutOutcome::exists;
}

Result<void> EditableStore::put_hint(std::string_view key, std::string_view body, std::string_view) {
  objects[std::string(key)] = {std::string(body), {}};
  return {};
}

Result<void> EditableStore::remove(std::string_view key) {
  objects.erase(std::string(key));
  return {};
}

Result<store::Object> EditableStore::get(std::string_view key) {
  const auto found = objects.find(std::string(key));
  if (found == objects.end()) return fail(ErrorKind::bad_input, fmt::format("no object {}", key));
  return found->second;
}

Result<std::optional<store::ObjectHead>> EditableStore::head(std::string_view key) {
  const auto found = objects.find(std::string(key));
  if (found == objects.end()) return std::optional<store::ObjectHead>();
  return std::optional(
      store::ObjectHead{std::string(key), found->second.body.size(), found->second.metadata});
}

Result<void> EditableStore::list(std::string_view prefix,
                                 const std::function<bool(const store::ListedObject&)>& visit) {
  for (const auto& [key, object] : objects) {
    if (key.starts_with(prefix) && !visit({key, object.body.size()})) break;
  }
  return {};
}

Result<std::vector<std::string>> EditableStore::list_folders(std::string_view) {
  return std::vector<std::string>();
}

World::World(const WorldSpec& spec, fs::path folder) : folder_(std::move(folder)), spec_(spec) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  log = std::make_shared<log::MemoryLog>(log::MemoryLogOptions{}, base::system_clock(), Rng(spec.seed));
  must(log->ensure_topic({.partitions = spec.partitions}));
  topic = *log->describe();
  produce();
  witness();
  sink();
  load();
  transform();
}

void World::produce() {
  Drafter drafter(spec_.seed);
  Rng& rng = drafter.rng();
  std::vector<Draft> valid;
  static const std::string kBinaryKey("\xFF\x00k", 3);
  for (int i = 0; i < spec_.records; ++i) {
    const UtcMillis now = kStart + std::chrono::seconds(i * 7);
    Draft draft;
    draft.fact.event = drafter.event(now);
    draft.key = base::to_string(draft.fact.event.user_id);
    draft.value = support::to_json(draft.fact.event);
    const double luck = spec_.odd ? rng.uniform() : 1;
    if (spec_.large && i % 20 == 7) {
      make_large(draft, i % 40 == 7, *draft.value);
    } else if (luck < 0.05) {
      spoil_for_sink(draft, rng, *draft.value);
    } else if (luck < 0.10) {
      spoil_for_silver(draft, rng, *draft.value);
    } else if (luck < 0.16 && !valid.empty()) {
      draft = valid[rng.below(valid.size())];
    } else if (luck < 0.25) {
      draft.value = spread(*draft.value);
    }
    if (luck > 0.25 && luck < 0.30)
      draft.headers = {{"trace", "\x01\xFF"}, {"trace", std::nullopt}, {"ünit", ""}};
    if (luck > 0.30 && luck < 0.33) draft.key = kBinaryKey;
    if (luck > 0.33 && luck < 0.35) draft.key.reset();
    const auto partition =
        static_cast<log::Partition>(rng.below(static_cast<std::uint64_t>(spec_.partitions)));
    const auto offset = log->append(partition, {now, draft.key, draft.value, draft.headers});
    must(offset);
    Fact fact = draft.fact;
    fact.chain = {topic.id, partition};
    fact.offset = *offset;
    fact.timestamp = now;
    facts.push_back(std::make_unique<Fact>(std::move(fact)));
    if (!draft.fact.by_sink && draft.fact.by_silver.empty()) valid.push_back(draft);
  }
  std::map<Uuid, const Fact*> lowest;
  const auto order = [](const Fact& f) { return std::tuple(f.offset, f.chain.partition, f.chain.topic_id); };
  for (const auto& fact : facts) {
    if (fact->by_sink || !fact->by_silver.empty()) continue;
    const Fact*& kept = lowest.try_emplace(fact->event.event_id, fact.get()).first->second;
    if (order(*fact) < order(*kept)) kept = fact.get();
  }
  for (const auto& fact : facts) {
    if (fact->by_sink || !fact->by_silver.empty()) continue;
    const Fact* kept = lowest[fact->event.event_id];
    if (kept != fact.get()) fact->duplicate_of = kept;
  }
}

void World::witness() {
  std::stop_source stop;
  stop.request_stop();
  must(verify::run_witness(*log, witness_root(), {}, base::system_clock(), stop.get_token()));
}

void World::sink() {
  store.objects[std::string(lake::Places().layout_key())].body =
      lake::to_json(lake::LakeLayout{.compression = spec_.compression, .topic = topic.name});
  Rng rng(spec_.seed + 1);
  for (log::Partition p = 0; p < spec_.partitions; ++p) {
    sink_partition(p, rng);
    close_hours(p);
  }
}

/// Every hour but the one in which the topic's last record came: those before it are over for idle chains,
/// too. What a first call closed stays.
void World::close_hours(log::Partition partition) {
  std::map<log::Offset, std::pair<std::string, lake::ObjectMeta>> objects;
  for (const std::string& key : object_keys()) {
    const auto meta = *lake::meta_from(store.objects[key].metadata);
    if (meta.chain == lake::ChainId{topic.id, partition}) objects[meta.range.first] = {key, meta};
  }
  if (objects.empty()) return;
  const lake::ChainBegin begin{{topic.id, partition},
                               lake::hour_of(objects.begin()->second.second.first_timestamp)};
  must(store.put_new(lake::Places().begin_key(begin.chain), lake::to_json(begin), {}, "application/json"));
  lake::HourMarker marker;
  marker.topic = topic.name;
  marker.chain = begin.chain;
  marker.partitions = spec_.partitions;
  marker.hour = begin.hour;
  marker.list.emplace();
  std::string lines;
  const auto close_before = [&](lake::Hour hour, log::Offset end) {
    while (hour > marker.hour) {
      marker.range.end = end;
      marker.sha256 = base::sha256_hex(lines);
      must(store.put_new(lake::Places().marker_key(marker.chain, marker.hour), lake::to_json(marker), {},
                         "application/json"));
      marker.hour += std::chrono::hours(1);
      marker.range.first = end;
      marker.objects = marker.records = marker.rejected = 0;
      marker.list->clear();
      lines.clear();
    }
  };
  for (const auto& [first, object] : objects) {
    const auto& [key, meta] = object;
    close_before(lake::hour_of(meta.first_timestamp), first);
    ++marker.objects;
    marker.records += meta.records;
    marker.rejected += meta.rejected;
    marker.list->push_back({key, meta.range});
    lines += fmt::format("{} {}\n", key, meta.sha256);
  }
  const auto last = std::ranges::max_element(facts, {}, [](const auto& fact) { return fact->timestamp; });
  close_before(lake::hour_of((*last)->timestamp), objects.rbegin()->second.second.range.end);
}

void World::sink_partition(log::Partition partition, Rng& rng) {
  const auto marks = log->watermarks(partition);
  must(marks);
  lake::LineEncoder encoder;
  auto reader = log->open_reader();
  must(reader);
  lake::ObjectMeta meta;
  std::string lines;
  std::set<log::Offset> offsets;
  const auto put = [&] {
    if (lines.empty()) return;
    const lake::ObjectKey key{meta.first_timestamp, lake::short_id(topic.id), partition, meta.range.first,
                              spec_.compression};
    const std::string body = *lake::compress(spec_.compression, lines);
    const std::string whole_lines = lines.substr(0, lines.size() - 1);
    meta.last_line_sha256 = base::sha256_hex(whole_lines.substr(whole_lines.rfind('\n') + 1));
    meta.sha256 = base::sha256_hex(body);
    must(store.put_new(lake::format_key(key), body, lake::to_metadata(meta), "application/json"));
    for (const auto& fact : facts) {
      if (fact->chain == meta.chain && offsets.contains(fact->offset))
        fact->object_key = lake::format_key(key);
    }
    lines.clear();
    offsets.clear();
  };
  std::int64_t wanted = 0;
  must((*reader)->read_all(
      partition, marks->start, marks->end, std::chrono::seconds(5), [&](const log::RecordView& record) {
        if (lines.empty()) {
          meta = lake::ObjectMeta();
          meta.topic = topic.name;
          meta.chain = {topic.id, partition};
          meta.range.first = record.offset;
          meta.first_timestamp = record.timestamp;
          meta.writer = "world";
          wanted =
              static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(spec_.object_records_max))) + 1;
        }
        if (encoder.append(lines, record)) {
          ++meta.rejected;
          meta.rejected_range = {meta.rejected_range.value_or(lake::OffsetRange{record.offset, 0}).first,
                                 record.offset + 1};
        }
        meta.range.end = record.offset + 1;
        meta.last_timestamp = record.timestamp;
        offsets.insert(record.offset);
        if (++meta.records == wanted) put();
        return Result<void>();
      }));
  put();
}

void World::load() {
  auto warehouse = warehouse::DuckDbWarehouse::open({.path = warehouse_path()}, base::system_clock());
  must(warehouse);
  must((*warehouse)->init());
  std::vector<warehouse::FetchedObject> objects;
  for (const std::string& key : object_keys()) objects.push_back(fetched(key));
  must(warehouse::load_objects(**warehouse, objects));
  must((*warehouse)->close());
}

warehouse::FetchedObject World::fetched(const std::string& key) const {
  const store::Object& object = store.objects.at(key);
  return {key, *lake::meta_from(object.metadata),
          *lake::decompress(spec_.compression, object.body, lake::kObjectBytesMax)};
}

void World::unload(const std::string& key) {
  for (const char* name : {"BRONZE.LOAD_LEDGER", "BRONZE.SPOTIFY_EVENTS", "BRONZE.REJECTED_EVENTS"}) {
    sql(fmt::format("DELETE FROM {} WHERE object_key = '{}'", name, key));
  }
  for (const auto& fact : facts) {
    if (fact->duplicate_of && fact->duplicate_of->object_key == key) fact->duplicate_of = nullptr;
  }
  std::erase_if(facts, [&](const auto& fact) { return fact->object_key == key; });
}

void World::transform() {
  std::vector<std::string> kept, duplicates, rejected, faults;
  struct Song {
    std::string name, artist;
    int plays = 0, skips = 0;
  };
  struct Engagement {
    int plays = 0, skips = 0, adds = 0;
  };
  std::map<std::string, Song> songs;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Engagement> engagement;
  for (const auto& fact : facts) {
    const event::ListeningEvent& e = fact->event;
    if (fact->by_sink) {
      rejected.push_back(
          fmt::format("({},'sink',{},NULL)", coordinates(*fact), sql_quoted(lake::name(*fact->by_sink))));
      faults.push_back(
          fmt::format("({},1,'sink',{},NULL)", coordinates(*fact), sql_quoted(lake::name(*fact->by_sink))));
    } else if (!fact->by_silver.empty()) {
      int number = 0;
      for (const event::Rejection& fault : fact->by_silver) {
        const std::string text =
            fmt::format("'silver',{},{}", sql_quoted(event::name(fault.reason)), sql_quoted(fault.field));
        if (++number == 1) rejected.push_back(fmt::format("({},{})", coordinates(*fact), text));
        faults.push_back(fmt::format("({},{},{})", coordinates(*fact), number, text));
      }
    } else if (fact->duplicate_of) {
      duplicates.push_back(fmt::format("({},{},{},{},{})", coordinates(*fact),
                                       sql_quoted(base::to_string(e.event_id)),
                                       sql_quoted(base::to_string(fact->duplicate_of->chain.topic_id)),
                                       fact->duplicate_of->chain.partition, fact->duplicate_of->offset));
    } else {
      kept.push_back(silver_row(*fact));
      Song& song = songs[base::to_string(e.song_id)];
      song.name = e.song_name;
      song.artist = song.artist.empty() ? e.artist_name : std::min(song.artist, e.artist_name);
      Engagement& cell = engagement[{base::to_string(e.user_id), std::string(event::name(e.device_type)),
                                     std::string(e.country.view()), base::format_date(e.timestamp)}];
      song.plays += e.event_type == event::EventType::play;
      song.skips += e.event_type == event::EventType::skip;
      cell.plays += e.event_type == event::EventType::play;
      cell.skips += e.event_type == event::EventType::skip;
      cell.adds += e.event_type == event::EventType::add_to_playlist;
    }
  }
  std::vector<std::string> song_rows, engagement_rows;
  for (const auto& [id, song] : songs) {
    song_rows.push_back(fmt::format("({},{},{},{},{})", sql_quoted(id), sql_quoted(song.name),
                                    sql_quoted(song.artist), song.plays, song.skips));
  }
  for (const auto& [key, cell] : engagement) {
    const auto& [user, device, country, day] = key;
    engagement_rows.push_back(fmt::format("({},{},{},{},{},{},{})", sql_quoted(user), sql_quoted(device),
                                          sql_quoted(country), cell.plays, cell.skips, cell.adds,
                                          sql_quoted(day)));
  }
  sql(fmt::format(
      "CREATE OR REPLACE TABLE TRANSFORM.SPOTIFY_SILVER ({0}, {1});"
      "CREATE OR REPLACE TABLE TRANSFORM.SPOTIFY_DUPLICATES ({0}, event_id VARCHAR, kept_topic_id VARCHAR, "
      "kept_kafka_partition INTEGER, kept_kafka_offset BIGINT);"
      "CREATE OR REPLACE TABLE TRANSFORM.SPOTIFY_FAULTS ({0}, fault INTEGER, rejected_by VARCHAR, reason "
      "VARCHAR, "
      "field VARCHAR);"
      "CREATE OR REPLACE TEMP TABLE refused ({0}, rejected_by VARCHAR, reason VARCHAR, field VARCHAR);"
      "CREATE OR REPLACE TABLE MART.TOP_SONGS (song_id VARCHAR, song_name VARCHAR, artist_name VARCHAR, "
      "total_plays BIGINT, "
      "total_skips BIGINT);"
      "CREATE OR REPLACE TABLE MART.USER_ENGAGEMENT (user_id VARCHAR, device_type VARCHAR, country VARCHAR, "
      "total_plays "
      "BIGINT, total_skips BIGINT, playlist_adds BIGINT, day DATE);"
      "CREATE OR REPLACE TABLE TRANSFORM.TRANSFORM_PARTS (kind VARCHAR, name VARCHAR, definition VARCHAR, "
      "row_count BIGINT, closed_at TIMESTAMP);"
      "CREATE OR REPLACE TABLE TRANSFORM.TRANSFORM_LEDGER AS SELECT object_key, records, first_timestamp, "
      "last_timestamp, {2} AS transformed_at FROM BRONZE.LOAD_LEDGER;{3}{4}",
      kCoordinateColumns, event_columns(), sql_time(kStart), insert("refused", rejected), kRejectedTable));
  std::vector<std::string> parts{part("MART.TOP_SONGS", song_rows.size()),
                                 part("MART.USER_ENGAGEMENT", engagement_rows.size())};
  for (const std::string_view model :
       {"SPOTIFY_SILVER", "SPOTIFY_DUPLICATES", "SPOTIFY_REJECTED", "SPOTIFY_FAULTS"}) {
    parts.push_back(fmt::format("('model','TRANSFORM.{}',NULL,NULL,{})", model, sql_time(kStart)));
  }
  for (const event::Field& field : event::kFields) {
    parts.push_back(fmt::format("('field','{}','{}{} {}{}{}',NULL,{})", field.name, event::name(field.type),
                                field.rule > 1 ? fmt::format("/{}", field.rule) : "",
                                field.required ? "required" : "optional", field.choices.empty() ? "" : " ",
                                fmt::join(field.choices, " "), sql_time(kStart)));
  }
  sql(insert("TRANSFORM.SPOTIFY_SILVER", kept) + insert("TRANSFORM.SPOTIFY_DUPLICATES", duplicates) +
      insert("TRANSFORM.SPOTIFY_FAULTS", faults) + insert("MART.TOP_SONGS", song_rows) +
      insert("MART.USER_ENGAGEMENT", engagement_rows) + insert("TRANSFORM.TRANSFORM_PARTS", parts));
}

std::unique_ptr<World> World::copy(const fs::path& folder) const {
  fs::remove_all(folder);
  fs::copy(folder_, folder, fs::copy_options::recursive);
  std::unique_ptr<World> world(new World());
  world->store.objects = store.objects;
  world->log = log;
  world->topic = topic;
  world->folder_ = folder;
  world->spec_ = spec_;
  world->recounts = recounts;
  world->strict = strict;
  for (const auto& fact : facts) world->facts.push_back(std::make_unique<Fact>(*fact));
  return world;
}

void World::sql(const std::string& statements) {
  auto connection = warehouse::duckdb::Connection::open({.path = warehouse_path()});
  must(connection);
  must(connection->execute(statements));
}

verify::Report World::verify(bool allow_pending, bool live_log, int threads) {
  auto report = try_verify(allow_pending, live_log, threads);
  must(report);
  return *std::move(report);
}

Result<verify::Report> World::try_verify(bool allow_pending, bool live_log, int threads) {
  auto warehouse = warehouse::DuckDbWarehouse::open({.path = warehouse_path()}, base::system_clock());
  must(warehouse);
  verify::VerifyInputs inputs{.store = store};
  LoadedMeanwhile living(**warehouse, [this](warehouse::Warehouse& loads) {
    const std::array<warehouse::FetchedObject, 1> objects{fetched(loaded_meanwhile)};
    must(warehouse::load_objects(loads, objects));
  });
  inputs.warehouse = warehouse->get();
  if (!loaded_meanwhile.empty()) inputs.warehouse = &living;
  if (live_log) {
    inputs.log = log.get();
  } else {
    inputs.witness_root = witness_root();
  }
  inputs.allow_pending = allow_pending;
  inputs.limits.threads = threads;
  inputs.recounts = recounts;
  inputs.strict = strict;
  return verify::verify(inputs);
}

verify::Report World::verify_early(const std::function<void()>& since) {
  verify::VerifyInputs inputs{.store = store};
  inputs.witness_root = witness_root();
  auto look = verify::EarlyLook::take(inputs);
  must(look);
  since();
  auto warehouse = warehouse::DuckDbWarehouse::open({.path = warehouse_path()}, base::system_clock());
  must(warehouse);
  inputs.warehouse = warehouse->get();
  auto report = verify::verify(inputs, *std::move(look));
  must(report);
  return *std::move(report);
}

std::vector<std::string> World::object_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, object] : store.objects) {
    if (lake::parse_key(key)) keys.push_back(key);
  }
  return keys;
}

void World::edit_lines(const std::string& key, const std::function<void(std::vector<std::string>&)>& edit) {
  store::Object& object = store.objects.at(key);
  lake::ObjectMeta meta = *lake::meta_from(object.metadata);
  const std::string text = *lake::decompress(spec_.compression, object.body, lake::kObjectBytesMax);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  edit(lines);
  std::string body;
  lake::LineDecoder decoder;
  meta.records = static_cast<std::int64_t>(lines.size());
  meta.rejected = 0;
  meta.rejected_range.reset();
  for (const std::string& line : lines) {
    body += line + "\n";
    const auto decoded = decoder.decode(line);
    if (!decoded || !decoded->reject) continue;
    ++meta.rejected;
    const lake::OffsetRange first{decoded->offset, 0};
    meta.rejected_range = {meta.rejected_range.value_or(first).first, decoded->offset + 1};
  }
  meta.last_line_sha256 = base::sha256_hex(lines.empty() ? "" : lines.back());
  object.body = *lake::compress(spec_.compression, body);
  meta.sha256 = base::sha256_hex(object.body);
  object.metadata = lake::to_metadata(meta);
}

const Fact& World::first(const std::function<bool(const Fact&)>& which) const {
  // Somewhere in the middle, so that neighbours are there on both sides.
  for (std::size_t i = facts.size() / 3; i < facts.size(); ++i) {
    if (which(*facts[i])) return *facts[i];
  }
  throw std::runtime_error("the world has no such record");
}

}  // namespace sdp::testing
