#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <stop_token>

#include "base/sha256.h"
#include "base/utc_time.h"
#include "integration/verify_world.h"
#include "lake/compression.h"
#include "lake/hour_marker.h"
#include "lake/override.h"
#include "lake/upgrade_record.h"
#include "support/temporary_folder.h"
#include "verify/witness.h"

namespace sdp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

fs::path scratch(const std::string& name) {
  static const support::TemporaryFolder folder;
  return folder.path() / name;
}

/// The right end state that every corruption starts from; made once.
const World& good() {
  static const World world(WorldSpec{}, scratch("good"));
  return world;
}

std::string at(const Fact& fact) {
  return fmt::format("kafka_partition = {} AND kafka_offset = {}", fact.chain.partition, fact.offset);
}

bool is_kept(const Fact& fact) {
  return fact.kept();
}

/// One corruption: what is done to a world, and what the report must then say, by kind and by name.
struct Corruption {
  std::string name;
  std::function<std::vector<std::string>(World&)> spoil;
};

void PrintTo(const Corruption& corruption, std::ostream* out) {
  *out << corruption.name;
}

/// `p1 of topic id ...: 42`, as the report names one offset.
std::string named(const Fact& fact) {
  return fmt::format("{}: {}\n", lake::describe(fact.chain), fact.offset);
}

Corruption table(std::string name, std::string kind, std::string statement,
                 bool (*which)(const Fact&) = is_kept) {
  return {std::move(name), [=](World& world) {
            const Fact& fact = world.first(which);
            world.sql(fmt::format(fmt::runtime(statement), at(fact)));
            return std::vector<std::string>{kind, named(fact)};
          }};
}

/// Edits the line of one record, and makes hash and counts fit again.
Corruption line(std::string name, std::string kind, std::function<void(std::string&)> edit,
                bool (*which)(const Fact&) = is_kept) {
  return {std::move(name), [=](World& world) {
            const Fact& fact = world.first(which);
            world.edit_lines(fact.object_key, [&](std::vector<std::string>& lines) {
              const auto prefix = fmt::format("\"_kafka_offset\":{},", fact.offset);
              edit(*std::ranges::find_if(lines, [&](const std::string& l) { return l.contains(prefix); }));
            });
            return std::vector<std::string>{kind, named(fact)};
          }};
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto found = text.find(from);
  if (found == std::string::npos) throw std::runtime_error(fmt::format("no {} in {}", from, text));
  text.replace(found, from.size(), to);
}

Corruption mart(std::string name, std::string statement, std::vector<std::string> says) {
  return {std::move(name), [=](World& world) {
            world.sql(statement);
            return says;
          }};
}

/// A key in the middle of its chain.
std::string middle_key(const World& world) {
  return world.first([](const Fact& f) { return f.offset > 100; }).object_key;
}

/// Says that the lake had layout 1, and where its chains ended then.
void upgraded(World& world, const std::map<lake::ChainId, log::Offset>& ends) {
  const std::string layout = world.store.objects.at(std::string(lake::Places().layout_key())).body;
  world.store.objects[std::string(lake::kUpgradeKey)].body =
      to_json(lake::UpgradeRecord{*lake::layout_from_json(layout), ends});
}

/// Ignores an object, by an override that `change` spoils. The override's key.
std::string ignore(World& world, const std::function<void(lake::Override&)>& change) {
  const std::string object_key = middle_key(world);
  const store::Object& object = world.store.objects.at(object_key);
  const lake::ObjectMeta meta = *lake::meta_from(object.metadata);
  lake::Override override{.object_key = object_key,
                          .chain = meta.chain,
                          .range = meta.range,
                          .next = meta.range.end,
                          .bytes = object.body.size(),
                          .reason = "a test",
                          .created_at = meta.last_timestamp,
                          .writer = "test"};
  change(override);
  const std::string key = lake::override_key(object_key);
  world.store.objects[key].body = to_json(override);
  return key;
}

std::string first_marker_key(const World& world) {
  return world.store.objects.lower_bound("_pipeline/hours/date=")->first;
}

std::vector<Corruption> bronze_corruptions() {
  const auto rejected = [](const Fact& f) { return f.by_sink.has_value(); };
  const auto tombstone = [](const Fact& f) { return f.by_sink == lake::RejectCode::tombstone; };
  return {
      table("BronzeRowDropped", "missing from bronze", "DELETE FROM BRONZE.SPOTIFY_EVENTS WHERE {}"),
      table("BronzeRowDoubled", "doubled row",
            "INSERT INTO BRONZE.SPOTIFY_EVENTS SELECT * FROM BRONZE.SPOTIFY_EVENTS WHERE {}"),
      table("BronzePayloadOfAnotherRow", "key, headers or payload differ",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET payload = (SELECT max(payload) FROM BRONZE.SPOTIFY_EVENTS) "
            "WHERE {}"),
      {"BronzePayloadsSwapped",
       [](World& world) {
         const Fact& a = world.first(is_kept);
         const Fact& b = world.first([&](const Fact& f) { return f.kept() && f.offset > a.offset; });
         world.sql(fmt::format(
             "UPDATE BRONZE.SPOTIFY_EVENTS AS t SET payload = s.payload FROM BRONZE.SPOTIFY_EVENTS AS s "
             "WHERE (t.{0} AND s.{1}) OR (t.{1} AND s.{0})",
             fmt::format("kafka_partition = {} AND t.kafka_offset = {}", a.chain.partition, a.offset),
             fmt::format("kafka_partition = {} AND s.kafka_offset = {}", b.chain.partition, b.offset)));
         return std::vector<std::string>{"bronze: key, headers or payload differ"};
       }},
      table("BronzePayloadSpacedOtherwise", "key, headers or payload differ",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET payload = replace(payload, ',', ', ') WHERE {}"),
      table("BronzeOffsetShiftedBeyondTheEnd", "missing from bronze",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_offset = kafka_offset + 100000 WHERE {}"),
      table("BronzeOffsetShiftedToTheNext", "missing from bronze",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_offset = kafka_offset + 1 WHERE {}"),
      table("BronzePartitionChanged", "missing from bronze",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_partition = 77 WHERE {}"),
      table("BronzeTopicIdChanged", "missing from bronze",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET topic_id = '00000000-0000-4000-8000-000000000000' WHERE {}"),
      table("BronzeTopicIdInUpperCase", "missing from bronze",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET topic_id = upper(topic_id) WHERE {}"),
      table("BronzeTimestampChanged", "timestamp differs from the lake",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_timestamp = kafka_timestamp + INTERVAL 1 MILLISECOND "
            "WHERE {}"),
      table("BronzeKeyChanged", "key, headers or payload differ",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_key = 'someone else' WHERE {}"),
      table("BronzeHeaderInvented", "key, headers or payload differ",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_headers = '[[\"a\",null]]' WHERE {}"),
      table("BronzeObjectKeyChanged", "row under another object",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET object_key = (SELECT max(object_key) FROM BRONZE.LOAD_LEDGER) "
            "|| 'x' WHERE {}"),
      table("BronzeTopicChanged", "row of another topic",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET topic = 'other' WHERE {}"),
      table("KeptRowMovedToTheRejected", "kept record among the rejected",
            "INSERT INTO BRONZE.REJECTED_EVENTS SELECT * EXCLUDE (payload, loaded_at), 'not_json', '', "
            "loaded_at FROM "
            "BRONZE.SPOTIFY_EVENTS WHERE {0}; DELETE FROM BRONZE.SPOTIFY_EVENTS WHERE {0}"),
      table("RejectedRowMovedToTheKept", "rejected record among the events",
            "INSERT INTO BRONZE.SPOTIFY_EVENTS SELECT * EXCLUDE (error_code, raw_base64, loaded_at), '{{}}', "
            "loaded_at FROM "
            "BRONZE.REJECTED_EVENTS WHERE {0}; DELETE FROM BRONZE.REJECTED_EVENTS WHERE {0}",
            rejected),
      table("RejectedRowDropped", "missing from bronze", "DELETE FROM BRONZE.REJECTED_EVENTS WHERE {}",
            rejected),
      table("TombstoneDropped", "missing from bronze", "DELETE FROM BRONZE.REJECTED_EVENTS WHERE {}",
            tombstone),
      table("RejectCodeChanged", "code or raw bytes differ",
            "UPDATE BRONZE.REJECTED_EVENTS SET error_code = 'too_large' WHERE {}", rejected),
      table("TombstoneMadeEmpty", "code or raw bytes differ",
            "UPDATE BRONZE.REJECTED_EVENTS SET raw_base64 = '' WHERE {}", tombstone),
      table("BronzeTimestampOneMicrosecondLate", "timestamp differs from the lake",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_timestamp = kafka_timestamp + INTERVAL 1 MICROSECOND "
            "WHERE {}"),
      table("BronzeRowLoadedAtAnotherTime", "loaded at another time than its ledger row says",
            "UPDATE BRONZE.SPOTIFY_EVENTS SET loaded_at = loaded_at + INTERVAL 1 MICROSECOND WHERE {}"),
      mart("BronzeTableDropped", "DROP TABLE BRONZE.REJECTED_EVENTS",
           {"bronze: missing table (1)", "BRONZE.REJECTED_EVENTS"}),
      mart("LedgerColumnDropped", "ALTER TABLE BRONZE.LOAD_LEDGER DROP writer",
           {"bronze: missing column (1)", "BRONZE.LOAD_LEDGER.WRITER"}),
      // Whatever calls it gets this, a recount as well as a model.
      mart("FunctionInPlaceOfDuckDbsOwn",
           "CREATE MACRO main.Count_If(x) AS 0; CREATE MACRO main.ours(x) AS x",
           {"silver: function in place of the warehouse's own (1)", "Count_If"}),
      mart("FunctionThatTheProofWouldCall",
           "CREATE MACRO main.lower(x) AS x; CREATE MACRO main.duckdb_functions() AS TABLE SELECT 1 AS x",
           {"silver: function in place of the warehouse's own (2)", "lower", "duckdb_functions"}),
      mart("TextsThatAreEqualInAnyCase",
           "ALTER TABLE MART.TOP_SONGS ALTER song_name TYPE VARCHAR COLLATE NOCASE;"
           "UPDATE MART.TOP_SONGS SET song_name = upper(song_name)",
           {"marts: column whose texts are not compared byte by byte (1)", "MART.TOP_SONGS.SONG_NAME"}),
      mart("TextsThatAreEqualWithoutAccents",
           "ALTER TABLE TRANSFORM.SPOTIFY_REJECTED ALTER payload TYPE VARCHAR COLLATE NOACCENT",
           {"silver: column whose texts are not compared byte by byte (1)",
            "TRANSFORM.SPOTIFY_REJECTED.PAYLOAD"}),
      // The capital of this letter is an S.
      mart(
          "TableOfAlmostTheSameName", "CREATE TABLE MART.\"TOP_\u017fONGS\" AS FROM MART.TOP_SONGS",
          {"marts: table of schema MART that the last closed batch did not make (1)", "MART.TOP_\u017fONGS"}),
      mart("ColumnOfAlmostTheSameName", "ALTER TABLE MART.TOP_SONGS ADD COLUMN \"total_play\u017f\" BIGINT",
           {"marts: column that should not be there (1)", "MART.TOP_SONGS.TOTAL_PLAY\u017f"}),
      mart("TableThatTheLoaderDoesNotMake", "CREATE TABLE BRONZE.STRAY (a INTEGER)",
           {"bronze: table that the loader does not make (1)", "BRONZE.STRAY"}),
      {"LedgerRowDropped",
       [](World& world) {
         const std::string key = middle_key(world);
         world.sql(fmt::format("DELETE FROM BRONZE.LOAD_LEDGER WHERE object_key = '{}'", key));
         return std::vector<std::string>{"object passed over by the load",
                                         "row of an object that the ledger lacks", key};
       }},
      {"LedgerHashWrong",
       [](World& world) {
         const std::string key = middle_key(world);
         world.sql(fmt::format("UPDATE BRONZE.LOAD_LEDGER SET sha256 = 'abc' WHERE object_key = '{}'", key));
         return std::vector<std::string>{"ledger row differs from its object", key + ": sha256 is 'abc'"};
       }},
      {"LedgerRangeWrong",
       [](World& world) {
         const std::string key = middle_key(world);
         world.sql(fmt::format(
             "UPDATE BRONZE.LOAD_LEDGER SET last_offset = last_offset + 1 WHERE object_key = '{}'", key));
         return std::vector<std::string>{"ledger row differs from its object", key + ": last_offset"};
       }},
      {"LedgerRowOfNothing",
       [](World& world) {
         world.sql(
             "INSERT INTO BRONZE.LOAD_LEDGER SELECT * REPLACE ('bronze/none' AS object_key) FROM "
             "BRONZE.LOAD_LEDGER LIMIT 1");
         return std::vector<std::string>{"ledger row of no object in the lake", "'bronze/none'"};
       }},
      {"ObjectNeverLoaded",
       [](World& world) {
         const std::string key = world.facts.back()->object_key;
         world.sql(fmt::format(
             "DELETE FROM BRONZE.LOAD_LEDGER WHERE object_key = '{0}'; DELETE FROM "
             "BRONZE.SPOTIFY_EVENTS WHERE object_key = '{0}'; DELETE FROM BRONZE.REJECTED_EVENTS WHERE "
             "object_key = '{0}'",
             key));
         return std::vector<std::string>{"not yet in bronze", "silver: row of an object that is not loaded",
                                         lake::describe(world.facts.back()->chain)};
       }},
  };
}

/// A gap record where nothing was lost; `range_of` gets the end of the chain.
Corruption gap(std::string name, std::string kind, std::function<lake::OffsetRange(log::Offset)> range_of) {
  return {std::move(name), [=](World& world) {
            const lake::ChainId chain{world.topic.id, 1};
            const lake::OffsetRange range = range_of(world.log->watermarks(1)->end);
            const std::string key = lake::Places().gap_key(chain, range.first);
            world.store.objects[key].body = lake::to_json(lake::Gap{world.topic.name, chain, range});
            return std::vector<std::string>{kind, key};
          }};
}

std::vector<Corruption> lake_corruptions() {
  const auto rejected = [](const Fact& f) { return f.by_sink == lake::RejectCode::not_json; };
  const auto with_headers = [](const Fact& f) { return f.kept(); };
  return {
      {"ObjectTruncated",
       [](World& world) {
         const std::string key = middle_key(world);
         auto& body = world.store.objects[key].body;
         body.resize(body.size() - 20);
         return std::vector<std::string>{"damaged object", "bad line", "missing from the lake", key};
       }},
      {"ObjectByteFlipped",
       [](World& world) {
         const std::string key = middle_key(world);
         auto& body = world.store.objects[key].body;
         body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 1);
         return std::vector<std::string>{"damaged object", key};
       }},
      {"ObjectDeleted",
       [](World& world) {
         const std::string key = middle_key(world);
         world.store.objects.erase(key);
         return std::vector<std::string>{"hole in a chain", "missing from the lake",
                                         "ledger row of no object", key};
       }},
      {"FirstObjectDeleted",
       [](World& world) {
         const std::string key = world.facts.front()->object_key;
         world.store.objects.erase(key);
         return std::vector<std::string>{"hole in a chain", "missing from the lake", "[0, ", key};
       }},
      {"LastObjectDeleted",
       [](World& world) {
         const std::string key = world.facts.back()->object_key;
         world.store.objects.erase(key);
         return std::vector<std::string>{"not yet in the lake", "ledger row of no object", key};
       }},
      {"ObjectReplacedByAnotherChains",
       [](World& world) {
         const std::string key = middle_key(world);
         const Fact& other = world.first([&](const Fact& f) { return f.chain != world.facts.back()->chain; });
         world.store.objects[key] =
             world.store.objects[other.object_key == key ? world.facts.back()->object_key : other.object_key];
         return std::vector<std::string>{"object under a wrong key", key};
       }},
      {"LinesSwapped",
       [](World& world) {
         const Fact& fact = world.first([](const Fact& f) { return f.kept() && f.offset % 20 > 5; });
         std::string key;
         for (const std::string& candidate : world.object_keys()) {
           if (lake::meta_from(world.store.objects[candidate].metadata)->records > 4) key = candidate;
         }
         world.edit_lines(key, [](std::vector<std::string>& lines) { std::swap(lines[1], lines[2]); });
         (void)fact;
         return std::vector<std::string>{"line out of order", "missing from the lake"};
       }},
      {"ObjectOfNoKnownName",
       [](World& world) {
         world.store.objects["bronze/date=2026-02-15/hour=17/spotify_events.json"].body = "{}\n";
         return std::vector<std::string>{"object of no known name", "hour=17/spotify_events.json"};
       }},
      {"OverlappingObject",
       [](World& world) {
         // The last line of an object once more, as an object of its own.
         const std::string key = middle_key(world);
         store::Object object = world.store.objects[key];
         lake::ObjectMeta meta = *lake::meta_from(object.metadata);
         const auto at = object.body.rfind('\n', object.body.size() - 2) + 1;
         object.body = object.body.substr(at);
         meta.range.first = meta.range.end - 1;
         meta.first_timestamp = meta.last_timestamp;
         meta.records = 1;
         meta.rejected = object.body.contains("\"_error\"") ? 1 : 0;
         meta.rejected_range.reset();
         if (meta.rejected > 0) meta.rejected_range = meta.range;
         meta.sha256 = base::sha256_hex(object.body);
         object.metadata = lake::to_metadata(meta);
         const std::string second =
             lake::format_key({meta.first_timestamp, lake::short_id(meta.chain.topic_id),
                               meta.chain.partition, meta.range.first, lake::Compression::none});
         world.store.objects[second] = object;
         return std::vector<std::string>{"overlapping object", second};
       }},
      {"MetadataOfAnotherLastLine",
       [](World& world) {
         const std::string key = middle_key(world);
         world.store.objects[key].metadata["last-line-sha256"] = std::string(64, '0');
         return std::vector<std::string>{"object with other lines than its metadata", key};
       }},
      {"MetadataWithoutLastLine",
       [](World& world) {
         const std::string key = middle_key(world);
         world.store.objects[key].metadata.erase("last-line-sha256");
         return std::vector<std::string>{"object with other lines than its metadata", key};
       }},
      {"MetadataOfAnotherRejectedRange",
       [](World& world) {
         const Fact& fact = world.first([](const Fact& f) { return f.by_sink.has_value(); });
         auto& metadata = world.store.objects[fact.object_key].metadata;
         metadata.erase("first-rejected");
         metadata.erase("last-rejected");
         return std::vector<std::string>{"object with other lines than its metadata", fact.object_key};
       }},
      {"LayoutOfAnOlderVersionBesideIt",
       [](World& world) {
         const std::string old(lake::Places(1).layout_key());
         world.store.objects[old].body = lake::to_json(lake::LakeLayout{.version = 1});
         return std::vector<std::string>{"lake with two layouts", old};
       }},
      {"NameOfAnotherLayout",
       [](World& world) {
         world.store.objects["bronze/_closed/begin/t1a2b3c4d_p0.json"].body = "{}";
         return std::vector<std::string>{"object of no known name", "bronze/_closed/begin/t1a2b3c4d_p0.json"};
       }},
      {"UpgradeRecordThatCannotBeRead",
       [](World& world) {
         world.store.objects[std::string(lake::kUpgradeKey)].body = "{}";
         return std::vector<std::string>{"bad upgrade record", std::string(lake::kUpgradeKey)};
       }},
      {"UpgradeRecordOfAnotherLayout",
       [](World& world) {
         world.store.objects[std::string(lake::kUpgradeKey)].body =
             to_json(lake::UpgradeRecord{{.version = 2, .topic = "another"}, {}});
         return std::vector<std::string>{"bad upgrade record", std::string(lake::kUpgradeKey)};
       }},
      {"UpgradeRecordThatEndsInsideAnObject",
       [](World& world) {
         const lake::ObjectMeta meta = *lake::meta_from(world.store.objects[middle_key(world)].metadata);
         upgraded(world, {{meta.chain, meta.range.end - 1}});
         return std::vector<std::string>{"bad upgrade record", std::string(lake::kUpgradeKey)};
       }},
      {"UpgradeRecordThatCountsObjectsOfLayout2AsOld",
       [](World& world) {
         const std::string key = middle_key(world);
         const lake::ObjectMeta meta = *lake::meta_from(world.store.objects[key].metadata);
         upgraded(world, {{meta.chain, meta.range.end}});
         return std::vector<std::string>{"object with other lines than its metadata", key,
                                         "it has entries of layout 2"};
       }},
      {"ObjectOfLayout1BehindTheUpgrade",
       [](World& world) {
         const std::string key = middle_key(world);
         upgraded(world, {});
         auto& metadata = world.store.objects[key].metadata;
         for (const char* entry : {"last-line-sha256", "first-rejected", "last-rejected", "leader-epoch"})
           metadata.erase(entry);
         return std::vector<std::string>{"object with other lines than its metadata", key,
                                         "it is of layout 1"};
       }},
      {"OverrideThatCannotBeRead",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override&) {});
         world.store.objects[key].body = "{}";
         return std::vector<std::string>{"bad override", key};
       }},
      {"OverrideUnderAnotherName",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override&) {});
         const std::string other = std::string(lake::kOverridesPrefix) + "other.json";
         world.store.objects[other] = world.store.objects[key];
         return std::vector<std::string>{"bad override", other, "wrong key"};
       }},
      {"OverrideOfNoObject",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override&) {});
         world.store.objects.erase(middle_key(world));
         return std::vector<std::string>{"bad override", key, "there is no such object"};
       }},
      {"OverrideOfMoreThanItsObjectHas",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override& override) { override.range.end += 1; });
         return std::vector<std::string>{"bad override", key, "its object has offsets"};
       }},
      {"OverrideOfAnotherTopicId",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override& override) {
           std::string id = base::to_string(override.chain.topic_id);
           id.back() = id.back() == '0' ? '1' : '0';
           override.chain.topic_id = *base::parse_uuid(id);
         });
         return std::vector<std::string>{"bad override", key, "its object has offsets"};
       }},
      {"OverrideWhoseChainGoesOnElsewhere",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override& override) { override.next -= 1; });
         return std::vector<std::string>{"bad override", key, "next_offset"};
       }},
      {"OverrideThatLeavesAPlaceFreeThatNobodyHas",
       [](World& world) {
         const std::string key =
             ignore(world, [](lake::Override& override) { override.next = override.range.first; });
         return std::vector<std::string>{"bad override", key, "leaves its place free"};
       }},
      {"OverrideOfAnObjectThatChanged",
       [](World& world) {
         const std::string key = ignore(world, [](lake::Override& override) { override.bytes += 1; });
         return std::vector<std::string>{"bad override", key, "size"};
       }},
      {"OverrideOfRecordsThatTheLogHas",
       [](World& world) {
         ignore(world, [](lake::Override&) {});
         return std::vector<std::string>{"missing from the lake"};
       }},
      {"OverrideOfALoadedObject",
       [](World& world) {
         ignore(world, [](lake::Override&) {});
         return std::vector<std::string>{"ignored object that is loaded", middle_key(world)};
       }},
      {"OverrideOfRowsThatStay",
       [](World& world) {
         ignore(world, [](lake::Override&) {});
         return std::vector<std::string>{"row of an ignored object"};
       }},
      {"MetadataOfTooManyRecords",
       [](World& world) {
         const std::string key = middle_key(world);
         auto& records = world.store.objects[key].metadata["rejected"];
         records = records == "0" ? "1" : "0";
         return std::vector<std::string>{"object with other counts", key};
       }},
      {"MetadataMissing",
       [](World& world) {
         const std::string key = middle_key(world);
         world.store.objects[key].metadata.erase("last-offset");
         return std::vector<std::string>{"bad object metadata", key};
       }},
      {"ObjectUnderAnotherHour",
       [](World& world) {
         const std::string key = middle_key(world);
         lake::ObjectKey moved = *lake::parse_key(key);
         moved.first_timestamp += std::chrono::hours(24);
         world.store.objects[lake::format_key(moved)] = world.store.objects[key];
         world.store.objects.erase(key);
         return std::vector<std::string>{"object under a wrong key", lake::format_key(moved)};
       }},
      {"LayoutOfAnotherCompression",
       [](World& world) {
         world.store.objects[std::string(lake::Places().layout_key())].body =
             lake::to_json(lake::LakeLayout{.compression = lake::Compression::zstd});
         return std::vector<std::string>{"object of another layout"};
       }},
      {"LayoutRemoved",
       [](World& world) {
         world.store.objects.erase(std::string(lake::Places().layout_key()));
         return std::vector<std::string>{"lake without a layout", "_pipeline/lake.json"};
       }},
      {"LayoutOfAnUnknownPartitioner",
       [](World& world) {
         world.store.objects[std::string(lake::Places().layout_key())].body = lake::to_json(lake::LakeLayout{
             .compression = world.spec_.compression, .partitioner = "event-hour", .topic = world.topic.name});
         return std::vector<std::string>{"bad layout", "event-hour"};
       }},
      {"LineDropped",
       [](World& world) {
         const std::string key = middle_key(world);
         world.edit_lines(key, [](std::vector<std::string>& lines) { lines.erase(lines.begin() + 1); });
         return std::vector<std::string>{"missing from the lake", "inside the range of " + key};
       }},
      {"LineInvented",
       [](World& world) {
         const Fact& last = *world.facts.back();
         world.edit_lines(last.object_key, [&](std::vector<std::string>& lines) {
           lines.push_back(lines.back());
           replace(lines.back(), fmt::format("_kafka_offset\":{}", last.offset),
                   fmt::format("_kafka_offset\":{}", last.offset + 1));
         });
         auto& metadata = world.store.objects[last.object_key].metadata;
         metadata["last-offset"] = std::to_string(last.offset + 1);
         return std::vector<std::string>{
             "not in the log", fmt::format("{}: {}\n", lake::describe(last.chain), last.offset + 1)};
       }},
      line("LineValueChanged", "key, value or headers differ from the log",
           [](std::string& text) { replace(text, "\"song_name\":\"", "\"song_name\":\"X"); }),
      line("LineTimestampChanged", "timestamp differs from the log",
           [](std::string& text) { replace(text, "\"_kafka_timestamp\":1", "\"_kafka_timestamp\":2"); }),
      line(
          "LineKeyChanged", "key, value or headers differ from the log",
          [](std::string& text) { replace(text, "\"_kafka_key\":\"", "\"_kafka_key\":\"0"); },
          [](const Fact& f) { return !f.by_silver.empty(); }),
      line(
          "LineHeaderInvented", "key, value or headers differ from the log",
          [](std::string& text) {
            replace(text, ",\"event_id\"", ",\"_kafka_headers\":[[\"a\",null]],\"event_id\"");
          },
          with_headers),
      line("KeptLineTurnedIntoRejected", "wrongly rejected",
           [](std::string& text) {
             const auto from = text.find(",\"event_id\"");
             text = text.substr(0, from) + ",\"_error\":\"not_json\",\"_raw\":\"e30=\"}";
           }),
      line(
          "RejectedForAWrongReason", "wrongly rejected",
          [](std::string& text) { replace(text, "not_json", "not_utf8"); }, rejected),
      line(
          "RejectedBytesChanged", "key, value or headers differ from the log",
          [](std::string& text) {
            const auto from = text.find("\"_raw\":\"") + 8;
            text = text.substr(0, from) + "eyJh\"}";
          },
          rejected),
      line(
          "RejectedTurnedIntoKept", "key, value or headers differ from the log",
          [](std::string& text) { text = text.substr(0, text.find(",\"_error\"")) + "}"; }, rejected),
      {"RejectedLineDropped",
       [](World& world) {
         const Fact& fact = world.first([](const Fact& f) { return f.by_sink.has_value(); });
         world.edit_lines(fact.object_key, [&](std::vector<std::string>& lines) {
           std::erase_if(lines, [&](const std::string& l) { return l.contains("\"_error\""); });
         });
         return std::vector<std::string>{"missing from the lake", lake::describe(fact.chain)};
       }},
      gap("GapInventedBehindTheChain", "gap record where nothing is missing",
          [](log::Offset end) { return lake::OffsetRange{end + 5, end + 9}; }),
      gap("GapInventedInsideTheChain", "gap record where nothing is missing",
          [](log::Offset end) { return lake::OffsetRange{end / 2, end / 2 + 1}; }),
      gap("GapInventedAtTheEndOfTheChain", "gap record over offsets that never were",
          [](log::Offset end) { return lake::OffsetRange{end, end + 9}; }),
      {"GapInventedForAnUnknownChain",
       [](World& world) {
         const lake::ChainId chain{world.topic.id, 99};
         world.store.objects[lake::Places().gap_key(chain, 0)].body =
             lake::to_json(lake::Gap{world.topic.name, chain, {0, 5}});
         return std::vector<std::string>{"gap record of an unknown chain", lake::Places().gap_key(chain, 0)};
       }},
      {"GapRecordedOverRecordsOfTheLog",
       [](World& world) {
         const std::string key = middle_key(world);
         const lake::ObjectMeta meta = *lake::meta_from(world.store.objects[key].metadata);
         world.store.objects.erase(key);
         world.store.objects[lake::Places().gap_key(meta.chain, meta.range.first)].body =
             lake::to_json(lake::Gap{meta.topic, meta.chain, meta.range});
         return std::vector<std::string>{"missing from the lake", lake::describe(meta.chain)};
       }},
  };
}

/// The marker of a chain's first hour, edited and stored again.
Corruption hour(std::string name, std::string kind, std::function<void(lake::HourMarker&)> edit) {
  return {std::move(name), [=](World& world) {
            const std::string key = first_marker_key(world);
            lake::HourMarker marker = *lake::hour_marker_from_json(world.store.objects[key].body);
            edit(marker);
            world.store.objects[key].body = lake::to_json(marker);
            return std::vector<std::string>{kind, key};
          }};
}

std::vector<Corruption> hour_corruptions() {
  const std::string kOthers = "closed hour with other objects than were counted";
  return {
      {"ObjectCameIntoAClosedHour",
       [=](World& world) {
         // As if the hour had been closed when the last object of it was not there yet.
         const std::string key = first_marker_key(world);
         lake::HourMarker marker = *lake::hour_marker_from_json(world.store.objects[key].body);
         std::string lines;
         std::string last;
         const auto whole = marker;
         marker.objects = marker.records = marker.rejected = 0;
         for (const std::string& object : world.object_keys()) {
           const auto meta = *lake::meta_from(world.store.objects[object].metadata);
           if (meta.chain != marker.chain || meta.range.first >= marker.range.end) continue;
           last = object;
           if (++marker.objects == whole.objects) {
             --marker.objects;
             continue;
           }
           marker.records += meta.records;
           marker.rejected += meta.rejected;
           lines += fmt::format("{} {}\n", object, meta.sha256);
         }
         marker.sha256 = base::sha256_hex(lines);
         world.store.objects[key].body = lake::to_json(marker);
         return std::vector<std::string>{kOthers, key, last};
       }},
      {"HourMarkerDeleted",
       [](World& world) {
         const std::string key = first_marker_key(world);
         const lake::HourMarker marker = *lake::hour_marker_from_json(world.store.objects[key].body);
         world.store.objects.erase(key);
         lake::HourMarker next = marker;
         next.hour += std::chrono::hours(1);
         next.range = {marker.range.end, marker.range.end};
         next.objects = next.records = next.rejected = 0;
         next.list->clear();
         next.sha256 = base::sha256_hex("");
         const std::string next_key = lake::Places().marker_key(next.chain, next.hour);
         world.store.objects[next_key].body = lake::to_json(next);
         return std::vector<std::string>{"hole in the hours of a chain", "hours that do not join", next_key};
       }},
      {"HourBeginDeleted",
       [](World& world) {
         const std::string key = first_marker_key(world);
         const auto chain = lake::hour_marker_from_json(world.store.objects[key].body)->chain;
         world.store.objects.erase(lake::Places().begin_key(chain));
         return std::vector<std::string>{"hours without a begin", key, lake::Places().begin_key(chain)};
       }},
      {"HourMarkerDamaged",
       [](World& world) {
         const std::string key = first_marker_key(world);
         world.store.objects[key].body.pop_back();
         world.store.objects[key].body += "}";
         world.store.objects[key].body.insert(0, "[");
         return std::vector<std::string>{"bad hour marker", key};
       }},
      {"HourMarkerOfAnotherPartition",
       [](World& world) {
         const std::string key = first_marker_key(world);
         lake::HourMarker marker = *lake::hour_marker_from_json(world.store.objects[key].body);
         marker.chain.partition += 1;
         world.store.objects[key].body = lake::to_json(marker);
         return std::vector<std::string>{"bad hour marker", key, "wrong key"};
       }},
      hour("HourEndsInsideAnObject", "hour that ends inside an object",
           [](lake::HourMarker& marker) { --marker.range.end; }),
      hour("HourStartsLate", "hours that do not join",
           [](lake::HourMarker& marker) { ++marker.range.first; }),
      {"HourStartsEarly",
       [](World& world) {
         const std::string key = first_marker_key(world);
         lake::HourMarker next = *lake::hour_marker_from_json(world.store.objects[key].body);
         next.hour += std::chrono::hours(1);
         next.range = {next.range.end - 1, next.range.end};
         next.objects = next.records = next.rejected = 0;
         next.list->clear();
         next.sha256 = base::sha256_hex("");
         const std::string next_key = lake::Places().marker_key(next.chain, next.hour);
         world.store.objects[next_key].body = lake::to_json(next);
         return std::vector<std::string>{"hours that do not join", next_key};
       }},
      hour("HourOfMorePartitions", "hour marker of a topic with other partitions",
           [](lake::HourMarker& marker) { ++marker.partitions; }),
      hour("HourOfFewerPartitions", "hour marker of a topic with other partitions",
           [](lake::HourMarker& marker) { --marker.partitions; }),
      hour("HourOfAnotherTopic", "hour marker of another topic",
           [](lake::HourMarker& marker) { marker.topic += 'x'; }),
      {"LastHourEndsBehindTheChain",
       [](World& world) {
         const std::string key = std::prev(world.store.objects.lower_bound("_pipeline/hours/e"))->first;
         lake::HourMarker marker = *lake::hour_marker_from_json(world.store.objects[key].body);
         marker.range.end += 1'000;
         world.store.objects[key].body = lake::to_json(marker);
         return std::vector<std::string>{"hour that ends behind its chain", key};
       }},
      hour("HourCountsAnotherNumberOfRecords", kOthers, [](lake::HourMarker& marker) { ++marker.records; }),
      hour("HourListsFewerObjects", "closed hour that lists other ranges than its objects have",
           [](lake::HourMarker& marker) { marker.list->pop_back(); }),
      hour("HourListsAnotherRange", "closed hour that lists other ranges than its objects have",
           [](lake::HourMarker& marker) { ++marker.list->front().range.end; }),
      hour("HourWithoutAList", "bad hour marker", [](lake::HourMarker& marker) { marker.list.reset(); }),
      hour("HourOfOtherBytes", kOthers,
           [](lake::HourMarker& marker) { marker.sha256 = std::string(64, '0'); }),
  };
}

std::vector<Corruption> log_corruptions() {
  const auto witness = [](World& world, log::Partition partition) {
    return verify::witness_path(world.witness_root(), {world.topic.id, partition});
  };
  return {
      {"WitnessByteFlipped",
       [=](World& world) {
         std::fstream file(witness(world, 1), std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(200);
         file.put('!');
         return std::vector<std::string>{"log: damaged witness", "p1.witness is damaged"};
       }},
      {"WitnessesSwapped",
       [=](World& world) {
         fs::rename(witness(world, 0), witness(world, 0).string() + "x");
         fs::rename(witness(world, 1), witness(world, 0));
         fs::rename(witness(world, 0).string() + "x", witness(world, 1));
         return std::vector<std::string>{"log: damaged witness", "p1.witness holds p0"};
       }},
      {"RecordNeverSunk",
       [=](World& world) {
         const lake::ChainId chain{world.topic.id, 2};
         auto file = verify::WitnessFile::open(witness(world, 2), {world.topic.name, chain, 0});
         const log::Offset next = (*file)->next();
         if (!(*file)->append({next, 1, {1, 2}}) || !(*file)->finish())
           throw std::runtime_error("no witness");
         return std::vector<std::string>{"not yet in the lake",
                                         fmt::format("{}: {}\n", lake::describe(chain), next)};
       }},
  };
}

std::vector<Corruption> silver_corruptions() {
  const auto duplicate = [](const Fact& f) { return f.duplicate_of != nullptr; };
  const auto by_silver = [](const Fact& f) { return !f.by_silver.empty(); };
  const auto several = [](const Fact& f) { return f.by_silver.size() > 1; };
  const auto by_sink = [](const Fact& f) { return f.by_sink.has_value(); };
  const auto not_json = [](const Fact& f) { return f.by_sink == lake::RejectCode::not_json; };
  std::vector<Corruption> all = {
      table("SilverRowDropped", "silver: missing from silver",
            "DELETE FROM TRANSFORM.SPOTIFY_SILVER WHERE {}"),
      table("SilverRowDoubled", "silver: doubled row",
            "INSERT INTO TRANSFORM.SPOTIFY_SILVER SELECT * FROM TRANSFORM.SPOTIFY_SILVER WHERE {}"),
      table(
          "SilverKafkaTimestampChanged", "silver: timestamp differs",
          "UPDATE TRANSFORM.SPOTIFY_SILVER SET kafka_timestamp = kafka_timestamp - INTERVAL 1 HOUR WHERE {}"),
      table("SilverObjectKeyChanged", "silver: row under another object",
            "UPDATE TRANSFORM.SPOTIFY_SILVER SET object_key = 'bronze/none' WHERE {}"),
      table("SilverOffsetChanged", "silver: missing from silver",
            "UPDATE TRANSFORM.SPOTIFY_SILVER SET kafka_offset = -1 WHERE {}"),
      table("DuplicateDropped", "silver: missing from silver",
            "DELETE FROM TRANSFORM.SPOTIFY_DUPLICATES WHERE {}", duplicate),
      table("DuplicateOfAnotherRecord", "silver: duplicate of another record",
            "UPDATE TRANSFORM.SPOTIFY_DUPLICATES SET kept_kafka_offset = kept_kafka_offset + 1 WHERE {}",
            duplicate),
      table("DuplicateOfNothing", "silver: duplicate of another record",
            "UPDATE TRANSFORM.SPOTIFY_DUPLICATES SET kept_topic_id = NULL WHERE {}", duplicate),
      table("DuplicateOfAnotherEvent", "silver: column differs",
            "UPDATE TRANSFORM.SPOTIFY_DUPLICATES SET event_id = 'x' WHERE {}", duplicate),
      {"DuplicateAndKeptExchanged",
       [](World& world) {
         const Fact& fact = world.first([](const Fact& f) { return f.duplicate_of != nullptr; });
         const Fact& kept = *fact.duplicate_of;
         const auto exchange = [&](std::string_view column_table, const Fact& from, const Fact& to) {
           world.sql(fmt::format(
               "UPDATE TRANSFORM.{} SET kafka_partition = {}, kafka_offset = {}, object_key = '{}', "
               "kafka_timestamp = make_timestamp({}) WHERE {}",
               column_table, to.chain.partition, to.offset, to.object_key,
               to.timestamp.time_since_epoch().count() * 1000, at(from)));
         };
         exchange("SPOTIFY_SILVER", kept, fact);
         exchange("SPOTIFY_DUPLICATES", fact, kept);
         return std::vector<std::string>{"silver: row in the wrong table", "belongs into SPOTIFY_DUPLICATES"};
       }},
      table("RejectReasonChanged", "silver: rejected for another reason",
            "UPDATE TRANSFORM.SPOTIFY_REJECTED SET reason = 'out_of_range' WHERE {}", by_silver),
      table("RejectFieldChanged", "silver: rejected for another reason",
            "UPDATE TRANSFORM.SPOTIFY_REJECTED SET field = 'app_version' WHERE {}", by_silver),
      table("RejectedByChanged", "silver: rejected for another reason",
            "UPDATE TRANSFORM.SPOTIFY_REJECTED SET rejected_by = 'silver' WHERE {}", by_sink),
      table("SilverRejectedDropped", "silver: missing from silver",
            "DELETE FROM TRANSFORM.SPOTIFY_REJECTED WHERE {}", by_sink),
      table(
          "KeptRowAlsoRejected", "silver: row in two tables",
          "INSERT INTO TRANSFORM.SPOTIFY_REJECTED SELECT topic_id, kafka_partition, kafka_offset, "
          "kafka_timestamp, "
          "object_key, 'silver', 'wrong_type', 'country', NULL, NULL FROM TRANSFORM.SPOTIFY_SILVER WHERE {}"),
      table("FaultDropped", "silver: fault missing from silver",
            "DELETE FROM TRANSFORM.SPOTIFY_FAULTS WHERE fault > 1 AND {}", several),
      table("FaultOfASinkDropped", "silver: fault missing from silver",
            "DELETE FROM TRANSFORM.SPOTIFY_FAULTS WHERE {}", by_sink),
      table("FaultDoubled", "silver: doubled row",
            "INSERT INTO TRANSFORM.SPOTIFY_FAULTS SELECT * FROM TRANSFORM.SPOTIFY_FAULTS WHERE {} LIMIT 1",
            by_silver),
      table("FaultOfASinkDoubled", "silver: doubled row",
            "INSERT INTO TRANSFORM.SPOTIFY_FAULTS SELECT * FROM TRANSFORM.SPOTIFY_FAULTS WHERE {}", by_sink),
      table("FaultReasonChanged", "silver: fault that the record does not have",
            "UPDATE TRANSFORM.SPOTIFY_FAULTS SET reason = 'out_of_range' WHERE fault > 1 AND {}", several),
      table("FaultFieldChanged", "silver: fault that the record does not have",
            "UPDATE TRANSFORM.SPOTIFY_FAULTS SET field = 'app_version' WHERE fault > 1 AND {}", several),
      table("FaultsNumberedOtherwise", "silver: fault that the record does not have",
            "UPDATE TRANSFORM.SPOTIFY_FAULTS SET fault = fault - 1 WHERE {}", by_silver),
      table("FaultOfAKeptRow", "silver: fault that the record does not have",
            "INSERT INTO TRANSFORM.SPOTIFY_FAULTS SELECT topic_id, kafka_partition, kafka_offset, "
            "kafka_timestamp, "
            "object_key, 1, 'silver', 'wrong_type', 'country' FROM TRANSFORM.SPOTIFY_SILVER WHERE {}"),
      table(
          "FaultKafkaTimestampChanged", "silver: timestamp differs",
          "UPDATE TRANSFORM.SPOTIFY_FAULTS SET kafka_timestamp = kafka_timestamp - INTERVAL 1 HOUR WHERE {}",
          by_silver),
      mart("FaultsDropped", "DROP TABLE TRANSFORM.SPOTIFY_FAULTS",
           {"silver: missing table (1)", "TRANSFORM.SPOTIFY_FAULTS"}),
      table("RejectedPayloadForgotten", "silver: payload or raw bytes differ from the lake",
            "UPDATE TRANSFORM.SPOTIFY_REJECTED SET payload = NULL WHERE {}", by_silver),
      table("RejectedBytesForgotten", "silver: payload or raw bytes differ from the lake",
            "UPDATE TRANSFORM.SPOTIFY_REJECTED SET raw_base64 = NULL WHERE {}", not_json),
      table("SilverTimestampOneMicrosecondLate", "silver: column differs from the record",
            "UPDATE TRANSFORM.SPOTIFY_SILVER SET timestamp = timestamp + INTERVAL 1 MICROSECOND WHERE {}"),
      table("SilverKafkaTimestampOneMicrosecondLate", "silver: timestamp differs",
            "UPDATE TRANSFORM.SPOTIFY_SILVER SET kafka_timestamp = kafka_timestamp + INTERVAL 1 MICROSECOND "
            "WHERE {}"),
      mart("BatchRowDropped",
           "DELETE FROM TRANSFORM.TRANSFORM_LEDGER WHERE object_key = (SELECT min(object_key) FROM "
           "TRANSFORM.TRANSFORM_LEDGER)",
           {"silver: in silver, but in no closed batch"}),
      mart("BatchRowDoubled",
           "INSERT INTO TRANSFORM.TRANSFORM_LEDGER SELECT * FROM TRANSFORM.TRANSFORM_LEDGER LIMIT 1",
           {"silver: doubled batch row (1)"}),
      mart("BatchRowOfNothing", "UPDATE TRANSFORM.TRANSFORM_LEDGER SET object_key = 'bronze/none'",
           {"silver: batch row of no loaded object", "'bronze/none'"}),
      mart("BatchRowCountsOtherwise", "UPDATE TRANSFORM.TRANSFORM_LEDGER SET records = records + 1",
           {"silver: batch row differs from its object", ": records is '"}),
      mart("PartOfNothing",
           "INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('model', 'TRANSFORM.NONE', NULL, NULL, "
           "make_timestamp(0))",
           {"silver: missing table (1)", "TRANSFORM.NONE"}),
      mart("OpenBatchWithRows",
           "INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('open', 'a run', NULL, 1, make_timestamp(0))",
           {"silver: wrong row in TRANSFORM_PARTS (1)", "open a run: has '1' rows"}),
      mart("FieldJudgedByAnotherRule",
           "UPDATE TRANSFORM.TRANSFORM_PARTS SET definition = 'country optional' WHERE name = 'country'",
           {"silver: wrong row in TRANSFORM_PARTS (1)", "field country: its rule is 'country optional'"}),
      mart("FieldForgotten", "DELETE FROM TRANSFORM.TRANSFORM_PARTS WHERE name = 'country'",
           {"silver: event field that the last closed batch did not know (1)"}),
      mart("PartsEmptied", "DELETE FROM TRANSFORM.TRANSFORM_PARTS",
           {"silver: closed batch of which nothing says what it was made by (1)"}),
      mart("TableOfNoBatch", "CREATE TABLE TRANSFORM.STRAY (a INTEGER)",
           {"silver: table of schema TRANSFORM that the last closed batch did not make (1)",
            "TRANSFORM.STRAY"}),
      mart("SilverTableDroppedAndAnotherSpoilt",
           "DROP TABLE TRANSFORM.SPOTIFY_DUPLICATES; UPDATE TRANSFORM.SPOTIFY_SILVER SET country = 'ZZ'",
           {"silver: missing table (1)", "TRANSFORM.SPOTIFY_DUPLICATES",
            "silver: column differs from the record"}),
      mart("SilverColumnDropped", "ALTER TABLE TRANSFORM.SPOTIFY_SILVER DROP country",
           {"silver: missing column (1)", "TRANSFORM.SPOTIFY_SILVER.COUNTRY"}),
      mart("SilverColumnRenamed", "ALTER TABLE TRANSFORM.SPOTIFY_REJECTED RENAME reason TO why",
           {"silver: missing column (1)", "TRANSFORM.SPOTIFY_REJECTED.REASON",
            "silver: column that should not be there (1)", "TRANSFORM.SPOTIFY_REJECTED.WHY"}),
      mart("SilverColumnOfAnotherType", "ALTER TABLE TRANSFORM.SPOTIFY_SILVER ALTER position_ms TYPE VARCHAR",
           {"silver: column of another type (1)",
            "TRANSFORM.SPOTIFY_SILVER.POSITION_MS is VARCHAR instead of BIGINT"}),
      // The catalogue still says BIGINT of the view.
      mart("ColumnUnderAViewOfAnotherType",
           "ALTER TABLE TRANSFORM.SPOTIFY_SILVER RENAME TO INT_OF_SILVER; "
           "CREATE VIEW TRANSFORM.SPOTIFY_SILVER AS SELECT * FROM TRANSFORM.INT_OF_SILVER; "
           "ALTER TABLE TRANSFORM.INT_OF_SILVER ALTER position_ms TYPE DATE USING DATE '2026-01-01'",
           {"silver: column of another type (1)",
            "TRANSFORM.SPOTIFY_SILVER.POSITION_MS is DATE instead of BIGINT"}),
  };
  for (const event::Field& field : event::kFields) {
    const bool text = field.type != event::FieldType::integer && field.type != event::FieldType::time;
    const bool time = field.type == event::FieldType::time;
    const std::string changed = time   ? "timestamp + INTERVAL 1 MILLISECOND"
                                : text ? fmt::format("coalesce({}, '') || 'x'", field.name)
                                       : fmt::format("coalesce({}, 0) + 1", field.name);
    all.push_back({fmt::format("SilverColumnChanged_{}", field.name), [=](World& world) {
                     const Fact& fact = world.first(is_kept);
                     world.sql(fmt::format("UPDATE TRANSFORM.SPOTIFY_SILVER SET {} = {} WHERE {}", field.name,
                                           changed, at(fact)));
                     return std::vector<std::string>{
                         "silver: column differs from the record",
                         fmt::format("offset {}: {} is", fact.offset, field.name)};
                   }});
  }
  return all;
}

std::vector<Corruption> mart_corruptions() {
  const std::string song = " WHERE song_id = (SELECT min(song_id) FROM MART.TOP_SONGS)";
  const std::string user =
      " WHERE (user_id, device_type, country, day) = (SELECT (user_id, device_type, country, day) FROM "
      "MART.USER_ENGAGEMENT ORDER BY ALL LIMIT 1)";
  return {
      mart("SongPlaysOneMore", "UPDATE MART.TOP_SONGS SET total_plays = total_plays + 1" + song,
           {"marts: wrong mart cell (1)", "TOP_SONGS song", "total_plays: expected"}),
      mart("SongSkipsOneLess", "UPDATE MART.TOP_SONGS SET total_skips = total_skips - 1" + song,
           {"marts: wrong mart cell (1)", "total_skips: expected"}),
      mart("SongCountsSwapped",
           "CREATE TEMP TABLE s AS SELECT row_number() OVER (ORDER BY song_id) AS n, * FROM MART.TOP_SONGS; "
           "UPDATE MART.TOP_SONGS "
           "AS t SET total_plays = b.total_plays, total_skips = b.total_skips FROM s AS a, s AS b WHERE "
           "t.song_id = a.song_id "
           "AND a.n + b.n = 3",
           {"marts: wrong mart cell", "total_plays: expected"}),
      mart("SongNamedOtherwise", "UPDATE MART.TOP_SONGS SET song_name = 'Other'" + song,
           {"marts: wrong mart cell (1)", "song_name: expected '", "found Other"}),
      mart("ArtistNamedOtherwise", "UPDATE MART.TOP_SONGS SET artist_name = NULL" + song,
           {"artist_name: expected '", "found NULL"}),
      mart("MartColumnOfAnotherType", "ALTER TABLE MART.TOP_SONGS ALTER total_plays TYPE VARCHAR",
           {"marts: column of another type (1)", "MART.TOP_SONGS.TOTAL_PLAYS is VARCHAR instead of BIGINT"}),
      mart("MartColumnDropped", "ALTER TABLE MART.TOP_SONGS DROP artist_name",
           {"marts: missing column (1)", "MART.TOP_SONGS.ARTIST_NAME"}),
      mart("MartColumnAdded", "ALTER TABLE MART.TOP_SONGS ADD COLUMN more INTEGER",
           {"marts: column that should not be there (1)", "MART.TOP_SONGS.MORE"}),
      mart("SongMissing", "DELETE FROM MART.TOP_SONGS" + song, {"missing mart row (1)", "TOP_SONGS song"}),
      mart("SongDoubled", "INSERT INTO MART.TOP_SONGS SELECT * FROM MART.TOP_SONGS" + song,
           {"doubled mart row (1)"}),
      mart("SongOfNothing",
           "INSERT INTO MART.TOP_SONGS VALUES ('00000000-0000-4000-8000-000000000000', 'a', 'b', 0, 0)",
           {"mart row of nothing (1)", "00000000-0000-4000-8000-000000000000"}),
      mart("EngagementOneMore", "UPDATE MART.USER_ENGAGEMENT SET playlist_adds = playlist_adds + 1" + user,
           {"wrong mart cell (1)", "USER_ENGAGEMENT user", "playlist_adds: expected"}),
      mart("EngagementNull", "UPDATE MART.USER_ENGAGEMENT SET total_skips = NULL" + user,
           {"wrong mart cell (1)", "total_skips: expected", "found NULL"}),
      mart("EngagementWrongDay", "UPDATE MART.USER_ENGAGEMENT SET day = day + 400" + user,
           {"missing mart row (1)", "mart row of nothing (1)", "USER_ENGAGEMENT"}),
      mart("EngagementWrongCountry", "UPDATE MART.USER_ENGAGEMENT SET country = 'ZZ'" + user,
           {"missing mart row (1)", "mart row of nothing (1)", "'ZZ'"}),
      mart("EngagementWrongDevice", "UPDATE MART.USER_ENGAGEMENT SET device_type = 'fridge'" + user,
           {"mart row of nothing (1)"}),
      mart("EngagementUserUpperCase", "UPDATE MART.USER_ENGAGEMENT SET user_id = upper(user_id)" + user,
           {"mart row of nothing (1)", "missing mart row (1)"}),
      mart("EngagementMissing", "DELETE FROM MART.USER_ENGAGEMENT" + user, {"missing mart row (1)"}),
      mart("EngagementDoubled", "INSERT INTO MART.USER_ENGAGEMENT SELECT * FROM MART.USER_ENGAGEMENT" + user,
           {"doubled mart row (1)", "USER_ENGAGEMENT user"}),
      mart("MartEmptied", "DELETE FROM MART.TOP_SONGS",
           {"missing mart row (5)", "emptied mart (1)", "MART.TOP_SONGS had 5 rows"}),
      mart("MartDropped", "DROP TABLE MART.TOP_SONGS", {"missing mart (1)", "MART.TOP_SONGS"}),
      // Each by its own name: one that is missing hides no other.
      mart("MartsDroppedAndSpoilt",
           "DROP TABLE MART.TOP_SONGS; DELETE FROM MART.USER_ENGAGEMENT; CREATE TABLE MART.STRAY (a INTEGER)",
           {"missing mart (1)", "MART.TOP_SONGS", "emptied mart (1)", "MART.USER_ENGAGEMENT had",
            "did not make (1)", "MART.STRAY"}),
      mart("MartDroppedAndForgotten", "DROP TABLE MART.TOP_SONGS; DROP TABLE TRANSFORM.TRANSFORM_PARTS",
           {"missing mart (1)", "MART.TOP_SONGS", "does not say which marts there must be"}),
      // The seed's own mistake: every count equal.
      mart("SeedCountsEqual", "UPDATE MART.TOP_SONGS SET total_skips = total_plays",
           {"wrong mart cell", "total_skips"}),
  };
}

std::vector<Corruption> all_corruptions() {
  std::vector<Corruption> all;
  for (auto part : {log_corruptions(), lake_corruptions(), hour_corruptions(), bronze_corruptions(),
                    silver_corruptions(), mart_corruptions()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class VerifyCorruption : public ::testing::TestWithParam<Corruption> {};

TEST_P(VerifyCorruption, IsCaughtAndNamed) {
  const auto world = good().copy(scratch(GetParam().name));
  const auto says = GetParam().spoil(*world);
  const verify::Report report = world->verify();
  const std::string text = verify::to_text(report);
  EXPECT_FALSE(report.proved());
  for (const std::string& part : says) EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, HasSubstr("NOT proved"));
  EXPECT_THAT(verify::to_json(report), HasSubstr("\"proved\": false"));
  fs::remove_all(world->folder_);
}

INSTANTIATE_TEST_SUITE_P(Seeded, VerifyCorruption, ::testing::ValuesIn(all_corruptions()),
                         [](const auto& one) { return one.param.name; });

class VerifyCleanWorld : public ::testing::TestWithParam<int> {};

TEST_P(VerifyCleanWorld, IsProved) {
  const int n = GetParam();
  const WorldSpec spec{.seed = static_cast<std::uint64_t>(n) + 100,
                       .partitions = 1 + n % 4,
                       .records = 50 + 37 * n,
                       .object_records_max = 1 + n * n,
                       .compression = static_cast<lake::Compression>(n % 3),
                       .odd = n % 5 != 0};
  World world(spec, scratch(fmt::format("clean{}", n)));
  const verify::Report report = world.verify(false, n % 2 == 0, 1 + n % 4);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_EQ(report.offsets, world.facts.size());
  EXPECT_EQ(report.offsets_against_log, world.facts.size());
  EXPECT_EQ(report.kept, static_cast<std::uint64_t>(
                             std::ranges::count_if(world.facts, [](auto& f) { return f->kept(); })));
  EXPECT_THAT(verify::to_text(report),
              AllOf(HasSubstr("proved: "), HasSubstr("mart cells equal to the recount")));
  fs::remove_all(world.folder_);
}

INSTANTIATE_TEST_SUITE_P(Seeds, VerifyCleanWorld, ::testing::Range(0, 24));

/// A mart that dbt noted when it closed the last batch.
void add_mart(World& world, const std::string& name, const std::string& query) {
  world.sql(
      fmt::format("CREATE TABLE MART.{0} AS {1}; INSERT INTO TRANSFORM.TRANSFORM_PARTS SELECT 'mart', "
                  "'MART.{0}', NULL, count(*), now() FROM MART.{0}",
                  name, query));
}

constexpr std::string_view kSkips =
    "SELECT device_type, count(*) AS skips FROM TRANSFORM.SPOTIFY_SILVER WHERE event_type = 'skip' GROUP BY "
    "ALL";

TEST(Verify, AMartWithoutRecountIsNamedAndBreaksAStrictProof) {
  const auto world = good().copy(scratch("no_recount"));
  add_mart(*world, "SKIPS", std::string(kSkips));
  const verify::Report report = world->verify();
  EXPECT_TRUE(report.proved());
  EXPECT_THAT(verify::to_text(report), HasSubstr("proved, except MART.SKIPS (no recount): "));
  EXPECT_THAT(verify::to_json(report), HasSubstr("MART.SKIPS (no recount)"));
  world->strict = true;
  const verify::Report strict = world->verify();
  EXPECT_FALSE(strict.proved());
  EXPECT_THAT(verify::to_text(strict), AllOf(HasSubstr("NOT proved: 1 problem\n"), HasSubstr("MART.SKIPS")));
}

TEST(Verify, AMartIsProvedByItsRecountCellByCell) {
  const auto world = good().copy(scratch("recount"));
  world->recounts = world->folder_ / "recounts";
  world->strict = true;
  fs::create_directories(world->recounts);
  std::ofstream(world->recounts / "_skips.sql")
      << "SELECT device_type FROM TRANSFORM.SPOTIFY_SILVER WHERE event_type = 'skip'";
  std::ofstream(world->recounts / "skips.sql")
      << "-- What it is.\n-- columns: device_type VARCHAR, skips BIGINT\n"
         "SELECT device_type, COUNT(*) AS skips "
         "FROM {{ _skips }} AS s GROUP BY device_type;\n";
  add_mart(*world, "SKIPS", std::string(kSkips));
  EXPECT_TRUE(world->verify().proved()) << verify::to_text(world->verify());

  const auto becomes = [&](const std::string& statement, const std::vector<std::string>& says) {
    const auto copy = world->copy(scratch("recount_copy"));
    copy->sql(statement);
    const verify::Report report = copy->verify();
    EXPECT_FALSE(report.proved()) << statement;
    for (const auto& part : says) EXPECT_THAT(verify::to_text(report), HasSubstr(part)) << statement;
  };
  becomes("UPDATE MART.SKIPS SET skips = skips + 1 WHERE device_type = 'web'",
          {"mart row that should be there (1)", "mart row that should not be there (1)",
           "SKIPS DEVICE_TYPE 'web', SKIPS '"});
  becomes("DELETE FROM MART.SKIPS WHERE device_type = 'web'", {"mart row that should be there (1)"});
  becomes("INSERT INTO MART.SKIPS SELECT * FROM MART.SKIPS LIMIT 1",
          {"mart row that should not be there (1)"});
  becomes("DELETE FROM MART.SKIPS", {"emptied mart (1)", "mart row that should be there (3)"});
  becomes("DROP TABLE MART.SKIPS", {"missing mart (1)", "MART.SKIPS"});
  becomes("ALTER TABLE MART.SKIPS DROP skips", {"missing column (1)", "MART.SKIPS.SKIPS"});
  becomes("ALTER TABLE MART.SKIPS ALTER skips TYPE DOUBLE",
          {"column of another type (1)", "is DOUBLE instead of BIGINT"});
  becomes("ALTER TABLE MART.SKIPS ADD COLUMN more INTEGER",
          {"column that should not be there (1)", "MART.SKIPS.MORE"});
  // One that is wrong hides no other.
  becomes("ALTER TABLE TRANSFORM.SPOTIFY_SILVER DROP country; UPDATE MART.TOP_SONGS SET total_plays = 0",
          {"TRANSFORM.SPOTIFY_SILVER.COUNTRY", "table that cannot be counted again (1)",
           "MART.SKIPS: its recount reads TRANSFORM.SPOTIFY_SILVER", "wrong mart cell"});
}

TEST(Verify, WhatAnybodyWroteActsOnNoTerminal) {
  const auto world = good().copy(scratch("terminal"));
  world->sql("UPDATE MART.TOP_SONGS SET song_name = 'x' || chr(10) || 'proved: all' || chr(27) || '[2J'");
  world->sql("CREATE TABLE MART.\"x\nproved: all\" (a INTEGER)");
  const std::string text = verify::to_text(world->verify());
  EXPECT_THAT(text, HasSubstr("found x\\nproved: all\\x1b[2J"));
  EXPECT_THAT(text, ::testing::Not(::testing::AnyOf(HasSubstr("\nproved: "), HasSubstr("\nPROVED: "),
                                                    HasSubstr("\x1b"))));
}

TEST(Verify, MinusZeroIsNotZero) {
  const auto world = good().copy(scratch("minus-zero"));
  world->recounts = world->folder_ / "recounts";
  fs::create_directories(world->recounts);
  std::ofstream(world->recounts / "nothing.sql")
      << "-- columns: device_type VARCHAR, nothing DOUBLE\n"
         "SELECT device_type, CAST(CASE WHEN device_type = 'web' THEN 0 ELSE 0.5 END AS DOUBLE) AS nothing "
         "FROM TRANSFORM.SPOTIFY_SILVER GROUP BY device_type";
  add_mart(
      *world, "NOTHING",
      "SELECT DISTINCT device_type, CASE WHEN device_type = 'web' THEN 0 ELSE 0.5 END::DOUBLE AS nothing "
      "FROM TRANSFORM.SPOTIFY_SILVER");
  EXPECT_TRUE(world->verify().proved()) << verify::to_text(world->verify());
  // An update would leave out what is equal.
  world->sql(
      "DELETE FROM MART.NOTHING WHERE device_type = 'web'; INSERT INTO MART.NOTHING VALUES ('web', '-0.0')");
  EXPECT_THAT(verify::to_text(world->verify()), HasSubstr("NOTHING DEVICE_TYPE 'web', NOTHING '-0.0'"));
}

TEST(Verify, ARecountThatCannotRunNamesItsFile) {
  const auto world = good().copy(scratch("bad_recount"));
  world->recounts = world->folder_ / "recounts";
  fs::create_directories(world->recounts);
  std::ofstream(world->recounts / "skips.sql")
      << "-- columns: device_type VARCHAR, skips BIGINT\nSELECT no_such_column FROM TRANSFORM.SPOTIFY_SILVER";
  add_mart(*world, "SKIPS", std::string(kSkips));
  const auto report = world->try_verify();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, AllOf(HasSubstr("skips.sql"), HasSubstr("MART.SKIPS")));
}

TEST(Verify, LinesThatAreTooLargeForWarehousesAreProvedToBeRejected) {
  World world({.seed = 5, .partitions = 2, .records = 60, .large = true, .odd = false}, scratch("large"));
  const verify::Report report = world.verify();
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_EQ(report.kept, 57u);
  EXPECT_EQ(report.rejected, 3u);
  world.sql("UPDATE BRONZE.REJECTED_EVENTS SET raw_base64 = 'eA=='");
  EXPECT_FALSE(world.verify().proved());
  fs::remove_all(world.folder_);
}

TEST(Verify, ALogThatIsGoneIsSaidAndStillProvedFromTheLakeOn) {
  const auto world = good().copy(scratch("gone"));
  fs::remove_all(world->witness_root());
  const verify::Report report = world->verify();
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_EQ(report.offsets_against_log, 0u);
  EXPECT_THAT(verify::to_text(report), HasSubstr("proved from the lake on"));
}

TEST(Verify, RetentionThatTookWhatTheLakeHasIsNoViolation) {
  World world(WorldSpec{.seed = 7, .records = 300}, scratch("retention"));
  ASSERT_TRUE(world.log->delete_below(1, 40));
  const verify::Report report = world.verify(false, true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_EQ(report.offsets_against_log, 260u);
  EXPECT_THAT(verify::to_text(report), HasSubstr("below offset 40"));
}

TEST(Verify, RetentionThatTookWhatTheLakeHasNotIsNamed) {
  World world(WorldSpec{.seed = 7, .records = 300}, scratch("lost"));
  const log::Offset end = world.log->watermarks(1)->end;
  ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->delete_below(1, end + 1));
  const std::string text = verify::to_text(world.verify(true, true));
  EXPECT_THAT(text, HasSubstr("lost: no longer in the log, not in the lake (1)"));
  EXPECT_THAT(text, HasSubstr(fmt::format(": {}\n", end)));
}

TEST(Verify, GapsThatFollowEachOtherExplainWhatTheLogDeleted) {
  World world(WorldSpec{.seed = 7, .records = 300}, scratch("gaps"));
  const log::Offset end = world.log->watermarks(1)->end;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->delete_below(1, end + 3));
  const lake::ChainId chain{world.topic.id, 1};
  const auto acknowledge = [&](lake::OffsetRange range) {
    world.store.objects[lake::Places().gap_key(chain, range.first)].body =
        lake::to_json(lake::Gap{world.topic.name, chain, range});
  };
  acknowledge({end, end + 1});
  EXPECT_THAT(verify::to_text(world.verify(true, true)),
              HasSubstr("lost: no longer in the log, not in the lake (2)"));
  acknowledge({end + 1, end + 3});
  const verify::Report report = world.verify(true, true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
}

TEST(Verify, WhatTransactionsLeaveAtTheEndOfTheLogIsNotMissing) {
  World world(WorldSpec{.seed = 7, .records = 300}, scratch("marks"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.log->append_mark(1));
  const verify::Report report = world.verify(false, true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  // A record behind it is.
  ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->append_mark(1));
  EXPECT_THAT(verify::to_text(world.verify(true, true)), HasSubstr("not yet in the lake"));
  EXPECT_FALSE(world.verify(false, true).proved());
}

TEST(Verify, AGapThatTheLogLostIsNotedAndNothingElse) {
  World world(WorldSpec{.seed = 7, .records = 300}, scratch("gap"));
  const lake::ChainId chain{world.topic.id, 1};
  const log::Offset end = world.log->watermarks(1)->end;
  ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->append(1, {}));
  ASSERT_TRUE(world.log->delete_below(1, end + 1));
  const auto acknowledge = [&](lake::OffsetRange range) {
    world.store.objects[lake::Places().gap_key(chain, range.first)].body =
        lake::to_json(lake::Gap{world.topic.name, chain, range});
    return world.verify(true, true);
  };
  const verify::Report lost = acknowledge({end, end + 1});
  EXPECT_TRUE(lost.proved()) << verify::to_text(lost);
  EXPECT_THAT(verify::to_text(lost),
              HasSubstr(fmt::format("[{}, {}) were acknowledged as lost", end, end + 1)));
  const std::string too_long = verify::to_text(acknowledge({end, end + 2}));
  EXPECT_THAT(too_long, HasSubstr("gap record over records of the log (1)"));
}

TEST(Verify, PendingTailsAreReportedAndNotCountedWhenAllowed) {
  const auto world = good().copy(scratch("pending"));
  const std::string key = world->facts.back()->object_key;
  world->store.objects.erase(key);
  world->unload(key);
  world->transform();
  EXPECT_FALSE(world->verify(false).proved());
  const verify::Report allowed = world->verify(true);
  EXPECT_TRUE(allowed.proved()) << verify::to_text(allowed);
  EXPECT_THAT(verify::to_text(allowed), HasSubstr("not yet in the lake"));
}

TEST(Verify, AnEarlyLookAtTheLakeProvesTheSame) {
  const auto world = good().copy(scratch("early"));
  const verify::Report report = world->verify_early([] {});
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_EQ(verify::to_json(report), verify::to_json(world->verify()));
}

TEST(Verify, AnEarlyLookKnowsTheLakeOfThen) {
  const auto world = good().copy(scratch("early-since"));
  const verify::Report before = world->verify_early([&] { world->store.objects.clear(); });
  EXPECT_TRUE(before.proved()) << verify::to_text(before);
}

TEST(Verify, WhatSeemsWrongBehindAnEarlyLookIsLookedAtAgain) {
  const auto world = good().copy(scratch("early-again"));
  const std::string key = world->facts.back()->object_key;
  const store::Object object = world->store.objects.at(key);
  world->store.objects.erase(key);
  const verify::Report again = world->verify_early([&] { world->store.objects[key] = object; });
  EXPECT_TRUE(again.proved()) << verify::to_text(again);
  world->store.objects.erase(key);
  EXPECT_FALSE(world->verify_early([] {}).proved());
}

TEST(Verify, AReadingOfTheLakeIsStopped) {
  const auto world = good().copy(scratch("early-stopped"));
  std::stop_source stop;
  stop.request_stop();
  verify::VerifyInputs inputs{.store = world->store};
  inputs.limits.stop = stop.get_token();
  const auto look = verify::EarlyLook::take(inputs);
  ASSERT_FALSE(look);
  EXPECT_EQ(look.error().kind, ErrorKind::interrupted);
}

TEST(Verify, AnObjectThatIsLoadedWhileBronzeIsReadIsPending) {
  const auto world = good().copy(scratch("loaded-meanwhile"));
  const std::string key = world->facts.back()->object_key;
  world->unload(key);
  world->transform();
  world->loaded_meanwhile = key;
  const verify::Report allowed = world->verify(true);
  EXPECT_TRUE(allowed.proved()) << verify::to_text(allowed);
  EXPECT_THAT(verify::to_text(allowed), HasSubstr("loaded while bronze was read"));
}

TEST(Verify, WhatAnOlderRuleRefusedIsPending) {
  const auto world = good().copy(scratch("older-rule"));
  // No mart counts a duplicate, so that nothing else changes.
  const std::string where = at(world->first([](const Fact& fact) { return fact.duplicate_of != nullptr; }));
  const std::string refuse = fmt::format(
      "INSERT INTO TRANSFORM.SPOTIFY_REJECTED SELECT topic_id, kafka_partition, kafka_offset, "
      "kafka_timestamp, object_key, "
      "'silver', 'bad_timestamp', 'timestamp', '{{}}', NULL FROM TRANSFORM.SPOTIFY_DUPLICATES WHERE {0};"
      "INSERT INTO TRANSFORM.SPOTIFY_FAULTS SELECT topic_id, kafka_partition, kafka_offset, kafka_timestamp, "
      "object_key, "
      "1, 'silver', 'bad_timestamp', 'timestamp' FROM TRANSFORM.SPOTIFY_DUPLICATES WHERE {0};"
      "DELETE FROM TRANSFORM.SPOTIFY_DUPLICATES WHERE {0};",
      where);
  world->sql(refuse);
  EXPECT_FALSE(world->verify(true).proved()) << "this rule would not have refused it";
  world->sql("UPDATE TRANSFORM.TRANSFORM_PARTS SET definition = 'time required' WHERE name = 'timestamp'");
  const verify::Report report = world->verify(true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  ASSERT_EQ(report.findings.size(), 2) << verify::to_text(report);
  EXPECT_EQ(report.findings.front().kind, "event field whose rule admits more since the last closed batch");
  EXPECT_EQ(report.findings.back().kind, "refused by a rule that admits more now");
  EXPECT_EQ(report.findings.back().total, 1);
  EXPECT_FALSE(world->verify(false).proved());
}

TEST(Verify, WhatAnOlderRuleListedIsPendingAndNothingElseIs) {
  const auto world = good().copy(scratch("older-faults"));
  const std::string where = at(world->first([](const Fact& fact) {
    return fact.by_silver.size() == 1 && fact.by_silver.front().field == "user_id";
  }));
  world->sql("UPDATE TRANSFORM.TRANSFORM_PARTS SET definition = 'time required' WHERE name = 'timestamp'");
  EXPECT_TRUE(world->verify(true).proved());
  EXPECT_FALSE(world->verify(false).proved()) << "a rule that is not this version's";
  world->sql(fmt::format(
      "INSERT INTO TRANSFORM.SPOTIFY_FAULTS SELECT topic_id, kafka_partition, kafka_offset, kafka_timestamp, "
      "object_key, 2, 'silver', 'bad_timestamp', 'timestamp' FROM TRANSFORM.SPOTIFY_REJECTED WHERE {}",
      where));
  const verify::Report report = world->verify(true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_THAT(verify::to_text(report), HasSubstr("fault listed by a rule that admits more now (1)"));
  // No fault before this one can have gone.
  world->sql(
      fmt::format("UPDATE TRANSFORM.SPOTIFY_FAULTS SET fault = 2 WHERE {} AND field = 'user_id'", where));
  EXPECT_THAT(verify::to_text(world->verify(true)), HasSubstr("fault that the record does not have (1)"));
  world->sql("UPDATE TRANSFORM.TRANSFORM_PARTS SET definition = '' WHERE name = 'timestamp'");
  EXPECT_THAT(verify::to_text(world->verify(true)), HasSubstr("field timestamp: its rule is ''"));
}

TEST(Verify, ATableThatWasThereIsNotPending) {
  const std::pair<std::string_view, std::string_view> lost[] = {
      {"DROP TABLE BRONZE.SPOTIFY_EVENTS", "bronze: missing table (1)"},
      {"DROP TABLE BRONZE.LOAD_LEDGER", "bronze: missing table (1)"},
      {"DROP SCHEMA BRONZE CASCADE", "bronze: missing table (3)"},
      {"DROP SCHEMA TRANSFORM CASCADE; DROP SCHEMA MART CASCADE; DROP TABLE BRONZE.LOAD_LEDGER",
       "bronze: missing table (1)"},
      {"DROP TABLE TRANSFORM.TRANSFORM_LEDGER", "silver: missing table (1)"},
      {"DROP TABLE TRANSFORM.TRANSFORM_PARTS; DROP TABLE TRANSFORM.SPOTIFY_DUPLICATES",
       "silver: missing table (1)"},
      {"DROP SCHEMA TRANSFORM CASCADE; DELETE FROM MART.TOP_SONGS", "silver: missing table (1)"},
      {"DROP TABLE MART.TOP_SONGS; DROP TABLE TRANSFORM.TRANSFORM_PARTS", "marts: missing mart (1)"}};
  int number = 0;
  for (const auto& [sql, says] : lost) {
    const auto world = good().copy(scratch(fmt::format("lost{}", ++number)));
    world->sql(std::string(sql));
    const verify::Report report = world->verify(true);
    EXPECT_FALSE(report.proved()) << sql;
    EXPECT_THAT(verify::to_text(report), HasSubstr(says)) << sql;
    fs::remove_all(world->folder_);
  }
}

TEST(Verify, ARunThatDidNotCloseItsBatchIsNoFault) {
  const auto world = good().copy(scratch("open-batch"));
  world->sql("INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('open', 'a run', NULL, NULL, make_timestamp(0))");
  const verify::Report report = world->verify(false);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  world->sql("CREATE TABLE TRANSFORM.INT_OF_IT (a INTEGER)");
  const verify::Report later = world->verify(true);
  EXPECT_TRUE(later.proved()) << verify::to_text(later);
  ASSERT_EQ(later.findings.size(), 1) << verify::to_text(later);
  EXPECT_EQ(later.findings.front().kind, "table of a batch that is not closed");
  EXPECT_FALSE(world->verify(false).proved());
}

TEST(Verify, AWarehouseOfAnotherMappingIsNotProved) {
  const auto world = good().copy(scratch("mapped"));
  world->sql(
      "INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('mapping', 'mapping', 'abc', NULL, make_timestamp(0))");
  const auto report = world->try_verify();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(report.error().message,
              HasSubstr("was built by the mapping abc, but this command runs without a mapping"));
}

TEST(Verify, FaultsThatAnEarlierVersionDidNotListArePending) {
  const auto world = good().copy(scratch("no-faults"));
  world->sql(
      "DROP TABLE TRANSFORM.SPOTIFY_FAULTS; DELETE FROM TRANSFORM.TRANSFORM_PARTS WHERE name = "
      "'TRANSFORM.SPOTIFY_FAULTS'");
  const verify::Report report = world->verify(true);
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  ASSERT_EQ(report.findings.size(), 1) << verify::to_text(report);
  EXPECT_EQ(report.findings.front().kind, "rejected by an earlier version, which listed no faults");
  EXPECT_FALSE(world->verify(false).proved());
}

TEST(Verify, AKilledRunsWitnessEndsEarlyAndNothingIsHeldAgainstTheLake) {
  const auto world = good().copy(scratch("killed"));
  const auto path = verify::witness_path(world->witness_root(), {world->topic.id, 0});
  fs::resize_file(path, fs::file_size(path) - 17);
  const verify::Report report = world->verify();
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_THAT(verify::to_text(report), HasSubstr("a killed run"));
}

TEST(Verify, AWitnessThatAKilledRunLeftEmptyIsNoViolation) {
  const auto world = good().copy(scratch("empty"));
  fs::resize_file(verify::witness_path(world->witness_root(), {world->topic.id, 0}), 0);
  const verify::Report report = world->verify();
  EXPECT_TRUE(report.proved()) << verify::to_text(report);
  EXPECT_THAT(verify::to_text(report), HasSubstr("killed before it noted anything"));
}

TEST(Verify, MoreOffsetsThanAllowedIsAnErrorThatNamesTheLimit) {
  World world(WorldSpec{.seed = 9, .records = 100}, scratch("limit"));
  verify::VerifyInputs inputs{.store = world.store};
  inputs.limits.records_max = 99;
  const auto report = verify::verify(inputs);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(report.error().message, HasSubstr("--records-max"));
}

}  // namespace
}  // namespace sdp::testing
