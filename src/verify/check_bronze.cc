#include "verify/check_bronze.h"

#include <fmt/format.h>

#include <algorithm>

#include "verify/fingerprint.h"
#include "verify/table_rows.h"

namespace sdp::verify {
namespace {

constexpr std::array<std::string_view, 12> kLedgerColumns{
    "object_key", "topic",    "topic_id",        "kafka_partition", "first_offset", "last_offset",
    "records",    "rejected", "first_timestamp", "last_timestamp",  "sha256",       "writer"};

std::string ledger_sql(const warehouse::Warehouse& warehouse) {
  return fmt::format(
      "SELECT object_key, topic, topic_id, kafka_partition, first_offset, last_offset, records, rejected, "
      "{}, {}, sha256, writer FROM BRONZE.LOAD_LEDGER",
      warehouse.epoch_ms("first_timestamp"), warehouse.epoch_ms("last_timestamp"));
}

/// `own_columns` are those that the line's hash covers behind key and headers.
std::string rows_sql(const warehouse::Warehouse& warehouse, std::string_view own_columns,
                     std::string_view table) {
  return fmt::format(
      "SELECT object_key, topic, topic_id, kafka_partition, kafka_offset, {}, kafka_key, kafka_key_base64, "
      "kafka_headers, {} FROM BRONZE.{}",
      warehouse.epoch_ms("kafka_timestamp"), own_columns, table);
}

std::int64_t millis(UtcMillis time) {
  return bronze_timestamp(time.time_since_epoch().count());
}

/// What the ledger must say of an object, in the order of kLedgerColumns.
std::array<std::string, 12> ledger_row(const LakeObject& object) {
  const lake::ObjectMeta& meta = object.meta;
  return {object.key,
          meta.topic,
          base::to_string(meta.chain.topic_id),
          std::to_string(meta.chain.partition),
          std::to_string(meta.range.first),
          std::to_string(meta.range.end - 1),
          std::to_string(meta.records),
          std::to_string(meta.rejected),
          std::to_string(millis(meta.first_timestamp)),
          std::to_string(millis(meta.last_timestamp)),
          meta.sha256,
          meta.writer};
}

class BronzeCheck {
 public:
  BronzeCheck(LakeView& lake, Findings& findings) : lake_(lake), findings_(findings), finder_(lake) {}

  Result<BronzeCounts> run(warehouse::Warehouse& warehouse) {
    SDP_RETURN_IF_ERROR(warehouse.scan(ledger_sql(warehouse), [&](warehouse::RowView row) {
      ledger(row);
      return Result<void>();
    }));
    SDP_RETURN_IF_ERROR(
        warehouse.scan(rows_sql(warehouse, "payload", "SPOTIFY_EVENTS"), [&](warehouse::RowView row) {
          ++counts_.events;
          check_row(row, true);
          return Result<void>();
        }));
    SDP_RETURN_IF_ERROR(warehouse.scan(rows_sql(warehouse, "error_code, raw_base64", "REJECTED_EVENTS"),
                                       [&](warehouse::RowView row) {
                                         ++counts_.rejected;
                                         check_row(row, false);
                                         return Result<void>();
                                       }));
    for (auto& [id, chain] : lake_.chains) check_chain(id, chain);
    return counts_;
  }

 private:
  void ledger(warehouse::RowView row) {
    ++counts_.objects;
    const auto found = row[0] ? lake_.by_key.find(*row[0]) : lake_.by_key.end();
    if (found == lake_.by_key.end()) {
      findings_.item(Stage::bronze, "ledger row of no object in the lake", shown(row[0]));
      return;
    }
    LakeObject& object = *found->second;
    if (object.in_ledger) findings_.item(Stage::bronze, "doubled ledger row", object.key);
    object.in_ledger = true;
    const auto wanted = ledger_row(object);
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (row[i] == wanted[i]) continue;
      findings_.item(Stage::bronze, "ledger row differs from its object",
                     fmt::format("{}: {} is {} instead of '{}'", object.key, kLedgerColumns[i], shown(row[i]),
                                 wanted[i]));
    }
  }

  void check_row(warehouse::RowView row, bool kept) {
    const auto place = finder_.place_of(row[2], row[3], row[4]);
    if (!place) {
      findings_.item(Stage::bronze, "row without coordinates", place.error().message);
      return;
    }
    const auto wrong = [&](std::string_view kind, std::string_view detail = {}) {
      findings_.offset(Stage::bronze, kind, place->chain, place->offset, detail);
    };
    const LakeView::Place at = finder_.find(*place);
    if (!at.line) return wrong("row of no record in the lake");
    LineFact& line = *at.line;
    if (line.kept() != kept)
      return wrong(kept ? "rejected record among the events" : "kept record among the rejected");
    if (line.seen & kSeenInBronze) return wrong("doubled row");
    line.seen |= kSeenInBronze;
    if (!at.object->in_ledger) wrong("row of an object that the ledger lacks", at.object->key);
    if (row[0] != at.object->key) wrong("row under another object", shown(row[0]));
    if (row[1] != at.object->meta.topic) wrong("row of another topic", shown(row[1]));
    if (integer_of(row[5]) != bronze_timestamp(line.timestamp_ms))
      wrong("timestamp differs from the lake", shown(row[5]));
    for (std::size_t i = 6; i < row.size(); ++i) hash_.add(row[i]);
    if (hash_.take() != line.columns)
      wrong(kept ? "key, headers or payload differ from the lake"
                 : "key, headers, code or raw bytes differ from the lake");
  }

  /// Names the lines of loaded objects without a row, and the objects that are not loaded.
  void check_chain(const lake::ChainId& id, LakeChain& chain) {
    bool later_loaded = false;
    for (auto at = chain.objects.rbegin(); at != chain.objects.rend(); ++at) {
      LakeObject& object = **at;
      if (object.in_ledger) {
        later_loaded = true;
        for (const LineFact& line : object.lines) {
          if (!(line.seen & kSeenInBronze)) {
            findings_.offset(Stage::bronze, "missing from bronze", id, object.offset_of(line));
          }
        }
      } else if (later_loaded) {
        findings_.item(Stage::bronze, "object passed over by the load", object.key);
      } else {
        findings_.pending(Stage::bronze, "not yet in bronze", id, object.meta.range);
      }
    }
  }

  LakeView& lake_;
  Findings& findings_;
  RowFinder finder_;
  RowHash hash_;
  BronzeCounts counts_;
};

}  // namespace

Result<BronzeCounts> check_bronze(LakeView& lake, warehouse::Warehouse& warehouse, Findings& findings) {
  return BronzeCheck(lake, findings).run(warehouse);
}

}  // namespace sdp::verify
