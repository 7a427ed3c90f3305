#include "verify/check_bronze.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "verify/fingerprint.h"
#include "verify/table_rows.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

constexpr std::array<std::string_view, 12> kLedgerColumns{
    "object_key", "topic",    "topic_id",        "kafka_partition", "first_offset", "last_offset",
    "records",    "rejected", "first_timestamp", "last_timestamp",  "sha256",       "writer"};

std::string ledger_sql(const warehouse::Warehouse& warehouse) {
  return fmt::format(
      "SELECT object_key, topic, topic_id, kafka_partition, first_offset, last_offset, records, rejected, "
      "{}, {}, sha256, writer, {} FROM BRONZE.LOAD_LEDGER",
      warehouse.epoch_us("first_timestamp"), warehouse.epoch_us("last_timestamp"),
      warehouse.epoch_us("loaded_at"));
}

/// Topics of a lake that was not looked at.
constexpr std::size_t kTopicsNamed = 20;

/// Where the columns begin that the line's hash covers.
constexpr std::size_t kFirstHashed = 7;

/// `own_columns` are those that the line's hash covers behind key and headers.
std::string rows_sql(const warehouse::Warehouse& warehouse, std::string_view own_columns,
                     std::string_view table) {
  return fmt::format(
      "SELECT object_key, topic, topic_id, kafka_partition, kafka_offset, {}, {}, kafka_key, "
      "kafka_key_base64, "
      "kafka_headers, {} FROM {}",
      warehouse.epoch_us("kafka_timestamp"), warehouse.epoch_us("loaded_at"), own_columns, table);
}

std::int64_t micros(UtcMillis time) {
  return bronze_timestamp_us(time.time_since_epoch().count());
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
          std::to_string(micros(meta.first_timestamp)),
          std::to_string(micros(meta.last_timestamp)),
          meta.sha256,
          meta.writer};
}

class BronzeCheck {
 public:
  BronzeCheck(LakeView& lake, WarehouseShape& shape, int threads, Findings& findings)
      : lake_(lake),
        shape_(shape),
        findings_(findings),
        workers_(static_cast<std::size_t>(threads), Worker{.finder = RowFinder(lake), .hash = {}}) {}

  Result<BronzeCounts> run(warehouse::Warehouse& warehouse) {
    SDP_RETURN_IF_ERROR(scan_table(
        warehouse, shape_, kLoadLedger, ledger_sql(warehouse), [&](warehouse::RowView row) { ledger(row); },
        findings_));
    if (!shape_.usable(kLoadLedger)) take_all_as_loaded();
    note_other_lakes();
    SDP_TRY(counts_.events, scan_rows(warehouse, kBronzeEvents, "payload"));
    SDP_TRY(counts_.rejected, scan_rows(warehouse, kBronzeRejected, "error_code, raw_base64"));
    SDP_RETURN_IF_ERROR(ledger_again(warehouse));
    for (auto& [id, chain] : lake_.chains) check_chain(id, chain);
    return counts_;
  }

 private:
  /// What a thread has for itself while rows are compared.
  struct alignas(64) Worker {
    RowFinder finder;
    RowHash hash;
    std::uint64_t rows = 0;
  };

  /// How many rows the table has.
  Result<std::uint64_t> scan_rows(warehouse::Warehouse& warehouse, std::string_view table,
                                  std::string_view own_columns) {
    for (Worker& worker : workers_) worker.rows = 0;
    SDP_RETURN_IF_ERROR(scan_table_side_by_side(
        warehouse, shape_, std::string(table), rows_sql(warehouse, own_columns, table),
        static_cast<int>(workers_.size()),
        [&](int number, warehouse::RowView row) {
          Worker& worker = workers_[static_cast<std::size_t>(number)];
          ++worker.rows;
          check_row(worker, row, table == kBronzeEvents);
        },
        findings_));
    std::uint64_t rows = 0;
    for (const Worker& worker : workers_) rows += worker.rows;
    return rows;
  }

  /// The warehouse has topics of which no lake that was looked at has anything: it was loaded from another
  /// one, too.
  void note_other_lakes() {
    for (const auto& [topic_id, topic] : without_object_) {
      const bool is_here = std::ranges::any_of(lake_.objects, [&](const LakeObject& object) {
        return base::to_string(object.meta.chain.topic_id) == topic_id;
      });
      if (is_here) continue;
      findings_.note(fmt::format(
          "the warehouse was loaded from a lake with topic {} (id {}), too, which was not looked at: "
          "name it by --other-lake",
          shown(topic), shown(topic_id)));
    }
  }

  void ledger(warehouse::RowView row) {
    ++counts_.objects;
    if (is_ignored(row[0])) {
      findings_.item(Stage::bronze, "ignored object that is loaded",
                     fmt::format("{}: its rows stay here; load the lake into a new warehouse to be without "
                                 "them",
                                 shown(row[0])));
      return;
    }
    const auto found = row[0] ? lake_.by_key.find(*row[0]) : lake_.by_key.end();
    if (found == lake_.by_key.end()) {
      findings_.item(Stage::bronze, "ledger row of no object in the lake", shown(row[0]));
      if (row[1] && row[2] && without_object_.size() < kTopicsNamed)
        without_object_.emplace(*row[2], *row[1]);
      return;
    }
    LakeObject& object = *found->second;
    if (object.in_ledger) findings_.item(Stage::bronze, "doubled ledger row", object.key);
    object.in_ledger = true;
    object.loaded_at_us = integer_of(row[12]);
    if (!object.loaded_at_us) findings_.item(Stage::bronze, "ledger row without a time", object.key);
    const auto wanted = ledger_row(object);
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (row[i] == wanted[i]) continue;
      findings_.item(Stage::bronze, "ledger row differs from its object",
                     fmt::format("{}: {} is {} instead of '{}'", object.key, kLedgerColumns[i], shown(row[i]),
                                 wanted[i]));
    }
  }

  /// Ledger and rows are read by one statement each, and a load may commit between them. Only what the ledger
  /// lacks now as well was never loaded as a whole.
  Result<void> ledger_again(warehouse::Warehouse& warehouse) {
    const bool all_loaded = std::ranges::all_of(lake_.objects, &LakeObject::in_ledger);
    if (shape_.usable(kLoadLedger) && !all_loaded) {
      SDP_RETURN_IF_ERROR(scan_table(
          warehouse, shape_, kLoadLedger, fmt::format("SELECT object_key FROM {}", kLoadLedger),
          [&](warehouse::RowView row) {
            const auto found = row[0] ? lake_.by_key.find(*row[0]) : lake_.by_key.end();
            if (found == lake_.by_key.end()) return;
            found->second->loaded_meanwhile = !found->second->in_ledger;
          },
          findings_));
    }
    for (const auto& [object, offsets] : without_ledger_row_) {
      if (object->loaded_meanwhile) continue;
      for (const log::Offset offset : offsets) {
        findings_.offset(Stage::bronze, "row of an object that the ledger lacks", object->meta.chain, offset,
                         object->key);
      }
    }
    return {};
  }

  bool is_ignored(const std::optional<std::string_view>& key) const {
    return key && lake_.ignored.contains(*key);
  }

  /// Without a ledger nothing tells what was loaded, which is a finding already.
  void take_all_as_loaded() {
    for (LakeObject& object : lake_.objects) object.in_ledger = true;
  }

  void check_row(Worker& worker, warehouse::RowView row, bool kept) {
    const auto place = worker.finder.place_of(row[2], row[3], row[4]);
    if (!place) {
      findings_.item(Stage::bronze, "row without coordinates", place.error().message);
      return;
    }
    const auto wrong = [&](std::string_view kind, std::string_view detail = {}) {
      findings_.offset(Stage::bronze, kind, place->chain, place->offset, detail);
    };
    if (is_ignored(row[0])) return wrong("row of an ignored object", shown(row[0]));
    const LakeView::Place at = worker.finder.find(*place);
    if (!at.line) return wrong("row of no record in the lake");
    LineFact& line = *at.line;
    if (line.kept() != kept)
      return wrong(kept ? "rejected record among the events" : "kept record among the rejected");
    if (line.note(kSeenInBronze) & kSeenInBronze) return wrong("doubled row");
    if (!at.object->in_ledger) {
      const std::lock_guard lock(mutex_);
      without_ledger_row_[at.object].push_back(place->offset);
    }
    if (row[0] != at.object->key) wrong("row under another object", shown(row[0]));
    if (row[1] != at.object->meta.topic) wrong("row of another topic", shown(row[1]));
    if (integer_of(row[5]) != bronze_timestamp_us(line.timestamp_ms))
      wrong("timestamp differs from the lake", shown(row[5]));
    if (at.object->loaded_at_us && integer_of(row[6]) != at.object->loaded_at_us)
      wrong("loaded at another time than its ledger row says", shown(row[6]));
    for (std::size_t i = kFirstHashed; i < row.size(); ++i) worker.hash.add(row[i]);
    if (worker.hash.take() != line.columns)
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
          const bool readable = shape_.usable(line.kept() ? kBronzeEvents : kBronzeRejected);
          if (readable && !(line.seen & kSeenInBronze)) {
            findings_.offset(Stage::bronze, "missing from bronze", id, object.offset_of(line));
          }
        }
      } else if (object.loaded_meanwhile) {
        later_loaded = true;
        findings_.pending(Stage::bronze, "loaded while bronze was read", id, object.meta.range);
      } else if (later_loaded) {
        findings_.item(Stage::bronze, "object passed over by the load", object.key);
      } else {
        findings_.pending(Stage::bronze, "not yet in bronze", id, object.meta.range);
      }
    }
  }

  LakeView& lake_;
  WarehouseShape& shape_;
  Findings& findings_;
  std::vector<Worker> workers_;
  BronzeCounts counts_;
  std::map<std::string, std::string> without_object_;  ///< topics of such ledger rows, by their ids
  std::mutex mutex_;
  // guarded by mutex_ while rows are compared
  std::map<const LakeObject*, std::vector<log::Offset>> without_ledger_row_;
};

}  // namespace

Result<BronzeCounts> check_bronze(LakeView& lake, WarehouseShape& shape, warehouse::Warehouse& warehouse,
                                  int threads, Findings& findings) {
  return BronzeCheck(lake, shape, threads, findings).run(warehouse);
}

}  // namespace sdp::verify
