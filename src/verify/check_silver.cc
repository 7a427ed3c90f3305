#include "verify/check_silver.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "verify/tables.h"

namespace sdp::verify {
namespace {

constexpr std::size_t kFirstOwn = 5;

/// What each row begins with.
std::string coordinates(const warehouse::Warehouse& warehouse) {
  return fmt::format("topic_id, kafka_partition, kafka_offset, {}, object_key",
                     warehouse.epoch_us("kafka_timestamp"));
}

std::string events_sql(const warehouse::Warehouse& warehouse, std::string_view from) {
  std::string sql = "SELECT " + coordinates(warehouse);
  for (const event::Field& field : event::kFields) {
    sql += ", ";
    sql += field.type == event::FieldType::time ? warehouse.epoch_us(field.name) : field.name;
  }
  return fmt::format("{} FROM {}", sql, from);
}

std::string kept_sql(const warehouse::Warehouse& warehouse) {
  return events_sql(warehouse, kSilver);
}

std::string duplicates_sql(const warehouse::Warehouse& warehouse) {
  return fmt::format(
      "SELECT {}, event_id, kept_topic_id, kept_kafka_partition, kept_kafka_offset "
      "FROM TRANSFORM.SPOTIFY_DUPLICATES",
      coordinates(warehouse));
}

std::string rejected_sql(const warehouse::Warehouse& warehouse) {
  return fmt::format(
      "SELECT {}, rejected_by, reason, field, payload, raw_base64 FROM TRANSFORM.SPOTIFY_REJECTED",
      coordinates(warehouse));
}

std::string faults_sql(const warehouse::Warehouse& warehouse) {
  return fmt::format("SELECT {}, fault, rejected_by, reason, field FROM {}", coordinates(warehouse), kFaults);
}

/// The table that a fate leads to.
Seen table_of(Fate fate) {
  switch (fate) {
    case Fate::kept:
      return kSeenInSilver;
    case Fate::duplicate:
      return kSeenInDuplicates;
    case Fate::rejected:
      return kSeenInRejected;
  }
  return kSeenInSilver;
}

std::string_view table_name(Seen table) {
  if (table == kSeenInSilver) return "SPOTIFY_SILVER";
  return table == kSeenInDuplicates ? "SPOTIFY_DUPLICATES" : "SPOTIFY_REJECTED";
}

constexpr std::uint8_t kSeenInAny = kSeenInSilver | kSeenInDuplicates | kSeenInRejected;

}  // namespace

Result<SilverCounts> SilverCheck::read(warehouse::Warehouse& warehouse, WarehouseShape& shape) {
  SilverCounts counts;
  const auto scan_one = [&](Seen table, const std::string& sql, Visit visit) {
    const std::string name = fmt::format("TRANSFORM.{}", table_name(table));
    auto rows = scan(warehouse, shape, name, sql, static_cast<int>(workers_.size()), visit);
    if (shape.usable(name)) readable_ |= table;
    return rows;
  };
  SDP_TRY(counts.kept, scan_one(kSeenInSilver, kept_sql(warehouse), &SilverCheck::kept_row));
  SDP_TRY(counts.duplicates,
          scan_one(kSeenInDuplicates, duplicates_sql(warehouse), &SilverCheck::duplicate_row));
  SDP_TRY(counts.rejected, scan_one(kSeenInRejected, rejected_sql(warehouse), &SilverCheck::rejected_row));
  // An earlier version lists no faults; the next transform does.
  // A record may have several rows there, which are noted in one place.
  SDP_TRY(counts.faults, scan(warehouse, shape, kFaults, faults_sql(warehouse), 1, &SilverCheck::fault_row));
  faults_ = shape.usable(kFaults) ? Faults::listed
            : shape.has(kFaults)  ? Faults::unreadable
                                  : Faults::not_yet;
  SDP_RETURN_IF_ERROR(explain());
  for (auto& [id, chain] : lake_.chains) decide_counted(id, chain);
  return counts;
}

/// How many rows the table has.
Result<std::uint64_t> SilverCheck::scan(warehouse::Warehouse& warehouse, WarehouseShape& shape,
                                        std::string_view table, const std::string& sql, int threads,
                                        Visit visit) {
  for (Worker& worker : workers_) worker.rows = 0;
  SDP_RETURN_IF_ERROR(scan_table_side_by_side(
      warehouse, shape, table, sql, threads,
      [&](int number, warehouse::RowView row) {
        Worker& worker = workers_[static_cast<std::size_t>(number)];
        ++worker.rows;
        (this->*visit)(worker, row);
      },
      findings_));
  std::uint64_t rows = 0;
  for (const Worker& worker : workers_) rows += worker.rows;
  return rows;
}

/// Finds the row's line; nothing when it has none, which is a finding.
LakeView::Place SilverCheck::locate(Worker& worker, warehouse::RowView row) {
  const auto place = worker.finder.place_of(row[0], row[1], row[2]);
  if (!place) {
    findings_.item(Stage::silver, "row without coordinates", place.error().message);
    return {};
  }
  const LakeView::Place at = worker.finder.find(*place);
  if (!at.line) {
    findings_.offset(Stage::silver, "row of no record in the lake", place->chain, place->offset);
    return {};
  }
  return at;
}

/// What every row shows of its record.
void SilverCheck::check_coordinates(const LakeView::Place& at, warehouse::RowView row) {
  if (integer_of(row[3]) != bronze_timestamp_us(at.line->timestamp_ms)) {
    wrong("timestamp differs from the lake", at, shown(row[3]));
  }
  if (row[4] != at.object->key) wrong("row under another object", at, shown(row[4]));
}

/// Finds the row's line and notes that `table` has it; nothing when the row is wrong already.
LakeView::Place SilverCheck::mark(Worker& worker, warehouse::RowView row, Seen table) {
  const LakeView::Place at = locate(worker, row);
  if (!at.line) return {};
  const std::uint8_t before = at.line->note(table);
  if (before & table) {
    wrong("doubled row", at);
    return {};
  }
  if (before & kSeenInAny) wrong("row in two tables", at);
  check_coordinates(at, row);
  return at;
}

void SilverCheck::kept_row(Worker& worker, warehouse::RowView row) {
  const LakeView::Place at = mark(worker, row, kSeenInSilver);
  // A line without valid event has no columns to compare with; its fate says that it is in the wrong table.
  if (!at.line || !at.line->valid_event()) return;
  for (std::size_t i = kFirstOwn; i < row.size(); ++i) worker.hash.add(row[i]);
  const auto index = static_cast<std::size_t>(at.line - at.object->lines.data());
  if (worker.hash.take() == at.object->events[index].columns) return;
  const std::lock_guard lock(mutex_);
  if (differing_.size() >= named_max_) return wrong("column differs from the record", at);
  EventColumns found;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (row[kFirstOwn + i]) found[i] = std::string(*row[kFirstOwn + i]);
  }
  differing_.push_back({at, std::move(found)});
}

void SilverCheck::duplicate_row(Worker& worker, warehouse::RowView row) {
  const LakeView::Place at = mark(worker, row, kSeenInDuplicates);
  if (!at.line || !at.line->valid_event()) return;
  const auto index = static_cast<std::size_t>(at.line - at.object->lines.data());
  if (row[kFirstOwn] != base::to_string(at.object->events[index].event_id)) {
    wrong("column differs from the record", at, fmt::format("event_id {}", shown(row[kFirstOwn])));
  }
  const auto kept = worker.finder.place_of(row[kFirstOwn + 1], row[kFirstOwn + 2], row[kFirstOwn + 3]);
  const std::lock_guard lock(mutex_);
  duplicates_.push_back({at, kept ? lake_.find(kept->chain, kept->offset) : LakeView::Place{}});
}

void SilverCheck::rejected_row(Worker& worker, warehouse::RowView row) {
  const LakeView::Place at = mark(worker, row, kSeenInRejected);
  if (!at.line || refused_by_an_older_rule(at, row)) return;
  if (!at.line->valid_event()) check_rejection(worker, at, row);
}

/// True for a row that the next transform judges again, because the rule that it names admits more since.
/// Until then its event counts as rejected, as in the marts.
bool SilverCheck::refused_by_an_older_rule(const LakeView::Place& at, warehouse::RowView row) {
  if (!at.line->kept() || row[kFirstOwn] != "silver" || !row[kFirstOwn + 2]) return false;
  if (!parts_.widened.contains(*row[kFirstOwn + 2])) return false;
  const bool is_valid = at.line->valid_event();
  if (!is_valid && event::kFields[at.line->field].name == *row[kFirstOwn + 2]) return false;
  if (is_valid) at.line->reason = kReasonUnknown;
  by_an_older_rule("refused by a rule that admits more now", at);
  return true;
}

/// The next transform judges the record again, and lists all of its faults again.
void SilverCheck::by_an_older_rule(std::string_view kind, const LakeView::Place& at) {
  const log::Offset offset = at.object->offset_of(*at.line);
  findings_.pending(Stage::silver, kind, at.object->meta.chain, {offset, offset + 1});
}

void SilverCheck::fault_row(Worker& worker, warehouse::RowView row) {
  constexpr std::string_view kOlder = "fault listed by a rule that admits more now";
  const LakeView::Place at = locate(worker, row);
  if (!at.line) return;
  check_coordinates(at, row);
  if (at.line->reason == kReasonUnknown) return;
  const bool by_silver = at.line->kept();
  const auto number = static_cast<std::uint64_t>(integer_of(row[kFirstOwn]).value_or(0));
  const auto differs = [&] {
    wrong("fault that the record does not have", at,
          fmt::format("number {} by {} for {} {}", shown(row[kFirstOwn]), shown(row[kFirstOwn + 1]),
                      shown(row[kFirstOwn + 2]), shown(row[kFirstOwn + 3])));
  };
  if (row[kFirstOwn + 1] != (by_silver ? "silver" : "sink")) return differs();
  if (!by_silver) {
    const auto code = lake::name(static_cast<lake::RejectCode>(at.line->reject - 1));
    if (number != 1 || row[kFirstOwn + 2] != code || row[kFirstOwn + 3]) return differs();
    if (at.line->note(kSeenInFaults) & kSeenInFaults) wrong("doubled row", at);
    return;
  }
  const auto field = std::ranges::find(event::kFields, row[kFirstOwn + 3].value_or(""), &event::Field::name);
  if (field == event::kFields.end()) return differs();
  const auto index = static_cast<std::size_t>(field - event::kFields.begin());
  RefusedFact* const refused = at.object->refusal_of(*at.line);
  if (!refused || refused->reasons[index] == 0) {
    if (!parts_.widened.contains(field->name)) return differs();
    return by_an_older_rule(kOlder, at);
  }
  if (row[kFirstOwn + 2] != event::name(static_cast<event::Reason>(refused->reasons[index] - 1)))
    return differs();
  if (const std::size_t wanted = refused->number_of(index); number != wanted) {
    // Faults that are none any more were counted, too.
    const auto gone = std::ranges::count_if(event::kFields.begin(), field, [&](const event::Field& before) {
      const auto i = static_cast<std::size_t>(&before - event::kFields.data());
      return refused->reasons[i] == 0 && parts_.widened.contains(before.name);
    });
    if (number < wanted || number > wanted + static_cast<std::size_t>(gone)) return differs();
    by_an_older_rule(kOlder, at);
  }
  const auto bit = static_cast<std::uint16_t>(1U << index);
  if (refused->shown & bit) wrong("doubled row", at);
  refused->shown |= bit;
}

void SilverCheck::check_rejection(Worker& worker, const LakeView::Place& at, warehouse::RowView row) {
  std::string_view by = "silver";
  std::string_view reason;
  std::optional<std::string_view> field;
  if (!at.line->kept()) {
    by = "sink";
    reason = lake::name(static_cast<lake::RejectCode>(at.line->reject - 1));
  } else if (at.line->reason != kReasonUnknown) {
    reason = event::name(static_cast<event::Reason>(at.line->reason - 1));
    field = event::kFields[at.line->field].name;
  }
  if (row[kFirstOwn] != by || row[kFirstOwn + 1] != reason || row[kFirstOwn + 2] != field) {
    wrong("rejected for another reason", at,
          fmt::format("by {} for {} {} instead of '{}' {} {}", shown(row[kFirstOwn]),
                      shown(row[kFirstOwn + 1]), shown(row[kFirstOwn + 2]), by, reason, shown(field)));
  }
  const auto index = static_cast<std::size_t>(at.line - at.object->lines.data());
  if (worker.hash.add(row[kFirstOwn + 3]).add(row[kFirstOwn + 4]).take() == at.object->events[index].columns)
    return;
  wrong("payload or raw bytes differ from the lake", at,
        fmt::format("payload {} raw_base64 {}", shown(row[kFirstOwn + 3]), shown(row[kFirstOwn + 4])));
}

Result<void> SilverCheck::explain() {
  for (const Differing& differing : differing_) SDP_RETURN_IF_ERROR(explain(differing));
  return {};
}

/// Decodes the line again, to say which column differs.
Result<void> SilverCheck::explain(const Differing& differing) {
  const LakeView::Place& at = differing.at;
  SDP_TRY(const auto json, payload_of(*at.object, at.object->offset_of(*at.line)));
  PayloadDecoder decoder(mapping_);
  SDP_TRY(const event::Verdict verdict, decoder.decode(json));
  if (!verdict) {
    wrong("column differs from the record", at);
    return {};
  }
  const EventColumns wanted = columns_of(*verdict, decoder.timestamp_below_ms());
  std::string detail;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == differing.found[i]) continue;
    detail += fmt::format("{}{} is {} instead of {}", detail.empty() ? "" : ", ", event::kFields[i].name,
                          shown(differing.found[i]), shown(wanted[i]));
  }
  wrong("column differs from the record", at, detail);
  return {};
}

void SilverCheck::decide_counted(const lake::ChainId& id, LakeChain& chain) {
  bool later = false;
  for (auto object = chain.objects.rbegin(); object != chain.objects.rend(); ++object) {
    if (!(*object)->loaded()) {
      not_from_bronze(**object);
      continue;
    }
    later = later || (*object)->in_batch || std::ranges::any_of((*object)->lines, [](const LineFact& line) {
              return (line.seen & kSeenInAny) != 0;
            });
    (*object)->counted = later;
    if (!later) findings_.pending(Stage::silver, "not yet in silver", id, (*object)->meta.range);
  }
}

/// Silver is made of what is loaded.
void SilverCheck::not_from_bronze(LakeObject& object) {
  for (LineFact& line : object.lines) {
    if ((line.seen & kSeenInAny) != 0) wrong("row of an object that is not loaded", {&object, &line});
  }
}

void SilverCheck::check_fates(const Recount& recount, const Recount* before) {
  for (LakeObject& object : lake_.objects) {
    if (!object.counted) continue;
    for (LineFact& line : object.lines) check_fate(object, line, before != nullptr);
    check_faults(object, before != nullptr);
  }
  check_duplicates(recount, before);
}

void SilverCheck::check_duplicates(const Recount& recount, const Recount* before) {
  for (const Duplicate& duplicate : duplicates_) {
    if (!duplicate.row.object->counted) continue;
    const LakeView::Place wanted = recount.kept_of(duplicate.row);
    if (duplicate.kept.line == wanted.line) continue;
    if (before &&
        (!duplicate.row.object->in_batch || duplicate.kept.line == before->kept_of(duplicate.row).line)) {
      on_its_way(duplicate.row);
      continue;
    }
    wrong("duplicate of another record", duplicate.row,
          fmt::format("instead of {} offset {}", lake::describe(wanted.object->meta.chain),
                      wanted.object->offset_of(*wanted.line)));
  }
}

void SilverCheck::check_fate(LakeObject& object, LineFact& line, bool batch_is_open) {
  const LakeView::Place at{&object, &line};
  const Seen wanted = table_of(Recount::fate(line));
  if (line.seen & wanted) return;
  const auto seen = static_cast<std::uint8_t>(line.seen & kSeenInAny);
  // Silver shows what is judged until it is known to be a duplicate.
  const bool not_yet = object.in_batch ? seen == table_of(Recount::fate(line, kDuplicateBefore))
                                       : seen == 0 || (seen == kSeenInSilver && wanted == kSeenInDuplicates);
  if (batch_is_open && not_yet) return on_its_way(at);
  if (line.seen & kSeenInAny) {
    wrong("row in the wrong table", at, fmt::format("belongs into {}", table_name(wanted)));
  } else if (readable_ & wanted) {
    wrong("missing from silver", at, fmt::format("belongs into {}", table_name(wanted)));
  }
}

/// Every fault of a rejected line is listed.
void SilverCheck::check_faults(LakeObject& object, bool batch_is_open) {
  if (faults_ == Faults::unreadable) return;
  for (LineFact& line : object.lines) {
    if (line.valid_event() || line.reason == kReasonUnknown) continue;
    const RefusedFact* const refused = object.refusal_of(line);
    const bool all = refused ? std::popcount(refused->shown) == static_cast<int>(refused->count())
                             : (line.seen & kSeenInFaults) != 0;
    if (all) continue;
    const log::Offset offset = object.offset_of(line);
    if (batch_is_open && !object.in_batch) {
      on_its_way({&object, &line});
    } else if (faults_ == Faults::listed) {
      wrong("fault missing from silver", {&object, &line});
    } else if (refused) {
      findings_.pending(Stage::silver, "rejected by an earlier version, which listed no faults",
                        object.meta.chain, {offset, offset + 1});
    }
  }
}

/// Of what a batch brings that is open, and that not every table has yet.
void SilverCheck::on_its_way(const LakeView::Place& at) {
  const log::Offset offset = at.object->offset_of(*at.line);
  findings_.pending(Stage::silver, "of a batch that is not closed, and not in all of its tables yet",
                    at.object->meta.chain, {offset, offset + 1});
}

Result<std::set<const LakeObject*>> SilverCheck::with_wrong_hidden_rows(LakeView& lake,
                                                                        warehouse::Warehouse& warehouse) {
  constexpr std::string_view kHidden =
      "TRANSFORM.INT_EVENTS_JUDGED WHERE reason IS NULL AND (topic_id, kafka_partition, kafka_offset) IN "
      "(SELECT topic_id, kafka_partition, kafka_offset FROM TRANSFORM.SPOTIFY_DUPLICATES)";
  RowFinder finder(lake);
  RowHash hash;
  std::set<const LakeObject*> wrong;
  auto read = warehouse.scan(events_sql(warehouse, kHidden), [&](warehouse::RowView row) -> Result<void> {
    for (std::size_t i = kFirstOwn; i < row.size(); ++i) hash.add(row[i]);
    const std::uint64_t columns = hash.take();
    const auto place = finder.place_of(row[0], row[1], row[2]);
    const LakeView::Place at = place ? finder.find(*place) : LakeView::Place{};
    const auto index = static_cast<std::size_t>(at.line ? at.line - at.object->lines.data() : 0);
    const bool is_of_the_object = at.line && row[4] == at.object->key;
    const bool right = is_of_the_object && at.line->valid_event() &&
                       integer_of(row[3]) == bronze_timestamp_us(at.line->timestamp_ms) &&
                       columns == at.object->events[index].columns;
    if (!right) wrong.insert(is_of_the_object ? at.object : nullptr);
    return {};
  });
  if (!read && !is_about_the_table(read.error())) return std::unexpected(read.error());
  if (!read) wrong.insert(nullptr);
  return wrong;
}

void SilverCheck::wrong(std::string_view kind, const LakeView::Place& at, std::string_view detail) {
  findings_.offset(Stage::silver, kind, at.object->meta.chain, at.object->offset_of(*at.line), detail);
}

}  // namespace sdp::verify
