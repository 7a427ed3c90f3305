#include "verify/object_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "base/encoding.h"
#include "base/sha256.h"
#include "verify/json_judge.h"
#include "verify/record_time.h"

namespace sdp::verify {
namespace {

/// Of an object's lines: more than a sink makes of values of common sizes.
constexpr std::size_t kLargeText = std::size_t{24} << 20;

std::uint8_t field_index(std::string_view name) {
  const auto at = std::ranges::find(event::kFields, name, &event::Field::name);
  return static_cast<std::uint8_t>(at - event::kFields.begin());
}

}  // namespace

/// Where the reading of an object's lines has come to.
struct ObjectScanner::Cursor {
  const LogChain* log = nullptr;
  log::Offset next = 0;  // the lowest offset that the next line may have
  std::uint64_t line = 0;
  std::int64_t rejected = 0;  // of the object's lines, by themselves
  log::Offset first_rejected = -1;
  log::Offset last_rejected = -1;
  std::string_view last_line;
  log::Offset noted = -1;  // the batch whose records the log has lost since they were read
};

LineFact* LakeObject::find(log::Offset offset) {
  if (offset < meta.range.first || offset >= meta.range.end) return nullptr;
  const auto delta = static_cast<std::uint64_t>(offset - meta.range.first);
  // Without holes a line's index is its delta.
  if (delta < lines.size() && lines[delta].delta == delta) return &lines[delta];
  const auto at = std::ranges::lower_bound(lines, delta, {}, &LineFact::delta);
  return at != lines.end() && at->delta == delta ? &*at : nullptr;
}

RefusedFact* LakeObject::refusal_of(const LineFact& line) {
  const auto at = std::ranges::lower_bound(refused, line.delta, {}, &RefusedFact::delta);
  return at != refused.end() && at->delta == line.delta ? &*at : nullptr;
}

std::size_t RefusedFact::count() const {
  return number_of(reasons.size());
}

std::size_t RefusedFact::number_of(std::size_t field) const {
  const auto before = std::span(reasons).first(std::min(field + 1, reasons.size()));
  return static_cast<std::size_t>(
      std::ranges::count_if(before, [](std::uint8_t reason) { return reason != 0; }));
}

Result<std::optional<LakeObject>> ObjectScanner::scan(const std::string& key_text) {
  auto stored = around_.store.get(key_text);
  if (!stored) {
    if (stored.error().kind != ErrorKind::bad_input) return std::unexpected(std::move(stored).error());
    around_.findings.item(Stage::lake, "unreadable object", stored.error().message);
    return std::optional<LakeObject>();
  }
  auto meta = lake::meta_from(stored->metadata);
  if (!meta) {
    around_.findings.item(Stage::lake, "bad object metadata",
                          fmt::format("{}: {}", key_text, meta.error().message));
    return std::optional<LakeObject>();
  }
  if (!placed(key_text, *meta)) return std::optional<LakeObject>();

  LakeObject object;
  object.store = &around_.store;
  object.key = key_text;
  object.meta = *std::move(meta);
  object.reader = reader_;
  if (const auto text = text_of(object, std::move(stored->body))) {
    // What is large is taken apart one at a time.
    std::unique_lock turn(around_.large, std::defer_lock);
    if (text->size() > kLargeText) turn.lock();
    SDP_RETURN_IF_ERROR(read_lines(object, *text));
    raw_ = {};
  }
  return std::optional(std::move(object));
}

/// The key must be the one that the metadata's place has, or two objects could claim one place.
bool ObjectScanner::placed(const std::string& key_text, const lake::ObjectMeta& meta) {
  const auto key = lake::parse_key(key_text);
  const std::string wanted = fmt::format("{}{}_t{:.8}_p{}_o{:020}{}", lake::kBronzePrefix,
                                         dated_name(meta.first_timestamp.time_since_epoch().count()),
                                         base::to_string(meta.chain.topic_id), meta.chain.partition,
                                         meta.range.first, lake::extension(key->compression));
  if (wanted != key_text) {
    around_.findings.item(Stage::lake, "object under a wrong key",
                          fmt::format("{} says of itself that it is {}", key_text, wanted));
    return false;
  }
  if (meta.range.end - meta.range.first > std::numeric_limits<std::uint32_t>::max()) {
    around_.findings.item(Stage::lake, "bad object metadata", key_text + ": its range is too long");
    return false;
  }
  if (around_.layout && around_.layout->compression != key->compression) {
    around_.findings.item(Stage::lake, "object of another layout", key_text);
  }
  if (around_.layout && around_.layout->topic != meta.topic) {
    around_.findings.item(Stage::lake, "object of another topic",
                          fmt::format("{}: {}", key_text, meta.topic));
  }
  return true;
}

std::optional<std::string> ObjectScanner::text_of(const LakeObject& object, std::string body) {
  const std::string sha256 = base::sha256_hex(body);
  if (sha256 != object.meta.sha256) {
    wrong("damaged object", object,
          fmt::format("its sha256 is {}, its metadata says {}", sha256, object.meta.sha256));
  }
  const lake::Compression compression = lake::parse_key(object.key)->compression;
  if (compression == lake::Compression::none && body.size() <= around_.limits.object_bytes_max) return body;
  auto text = lake::decompress(compression, body, around_.limits.object_bytes_max);
  if (!text) {
    wrong("damaged object", object, text.error().message);
    return std::nullopt;
  }
  return *std::move(text);
}

Result<void> ObjectScanner::read_lines(LakeObject& object, std::string_view text) {
  Cursor cursor;
  cursor.log = around_.log.find(object.meta.chain);
  cursor.next = object.meta.range.first;
  const auto lines = std::min(static_cast<std::uint64_t>(object.meta.records), std::uint64_t{text.size()});
  object.lines.reserve(lines);
  object.events.reserve(lines);
  while (!text.empty()) {
    ++cursor.line;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      wrong("bad line", object, fmt::format("line {} has no end", cursor.line));
      break;
    }
    read_line(object, cursor, text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  check_missing(object, cursor, object.meta.range.end);
  check_counts(object, cursor);
  check_last_line(object, cursor);
  return around_.budget.take(object.lines.size());
}

/// Keeps the facts of a line that is one of the object's.
void ObjectScanner::read_line(LakeObject& object, Cursor& cursor, std::string_view text) {
  const auto line = decoder_.decode(text);
  if (!line) {
    wrong("bad line", object, fmt::format("line {}: {}", cursor.line, line.error().message));
    return;
  }
  const auto& range = object.meta.range;
  if (line->partition != object.meta.chain.partition || line->offset < range.first || line->end > range.end) {
    wrong("line outside its object", object,
          fmt::format("line {} is of p{} offset {}", cursor.line, line->partition, line->offset));
    return;
  }
  if (line->offset < cursor.next) {
    wrong("line out of order", object, line->offset);
    return;
  }
  LineFact fact;
  fact.delta = static_cast<std::uint32_t>(line->offset - range.first);
  fact.timestamp_ms = line->timestamp.time_since_epoch().count();
  fact.reject = line->reject ? static_cast<std::uint8_t>(std::to_underlying(*line->reject) + 1) : 0;
  fact.columns = bronze_columns(*line);
  cursor.last_line = text;
  if (line->reject) {
    if (cursor.rejected++ == 0) cursor.first_rejected = line->offset;
    cursor.last_rejected = line->end - 1;
  }
  if (text.size() > lake::kBronzeLineBytesMax) fall_out_of_bronze(fact);
  const bool is_batch = line->reject && lake::is_of_batch(*line->reject);
  const auto fingerprint = is_batch ? std::optional<std::uint64_t>(0) : judge_value(object, *line);
  if (!fingerprint) return;
  object.events.push_back(read_event(object, *line, fact));
  check_missing(object, cursor, line->offset);
  if (is_batch) {
    check_unreadable(object, cursor, *line);
  } else {
    check_log(object, cursor, *line, *fingerprint);
  }
  cursor.next = line->end;
  object.lines.push_back(fact);
}

/// The hash of the payload, or the bytes in base64, that a rejected row shows. Of a line that was too large
/// for bronze it shows neither.
EventFact ObjectScanner::rejected_columns(const lake::Line& line, const LineFact& fact) {
  const bool fell_out = fact.reject == std::to_underlying(lake::RejectCode::line_too_large) + 1;
  hash_.add(fact.kept() ? line.payload : std::nullopt);
  hash_.add(fact.kept() || fell_out ? std::nullopt : line.payload);
  EventFact event;
  event.columns = hash_.take();
  return event;
}

/// The facts of a line's event; its verdict goes to `fact`.
EventFact ObjectScanner::read_event(LakeObject& object, const lake::Line& line, LineFact& fact) {
  if (!fact.kept()) return rejected_columns(line, fact);
  auto read = facts_.read(*line.payload);
  if (!read) {
    wrong("wrongly kept", object, line.offset, read.error().message);
    fact.reason = kReasonUnknown;
    return rejected_columns(line, fact);
  }
  if (read->faults.empty()) return read->fact;
  RefusedFact refused{.delta = fact.delta};
  for (const event::Rejection& fault : read->faults) {
    refused.reasons[field_index(fault.field)] =
        static_cast<std::uint8_t>(std::to_underlying(fault.reason) + 1);
  }
  fact.field = field_index(read->faults.front().field);
  fact.reason = refused.reasons[fact.field];
  object.refused.push_back(refused);
  return rejected_columns(line, fact);
}

/// The hash of kafka_key, kafka_key_base64, kafka_headers, then payload or error_code and raw_base64. A key
/// that is not text stands in the second column.
std::uint64_t ObjectScanner::bronze_columns(const lake::Line& line) {
  const bool is_text = !line.key || (is_utf8(*line.key) && !line.key->contains('\0'));
  hash_.add(is_text ? line.key : std::nullopt);
  hash_.add(is_text ? std::nullopt : std::optional(base::base64(*line.key)));
  hash_.add(line.headers.empty() ? std::nullopt : std::optional(line.headers_json));
  if (line.reject) hash_.add(lake::name(*line.reject));
  return hash_.add(line.payload).take();
}

/// What warehouses cannot hold is in bronze a rejected line without key, headers and bytes.
void ObjectScanner::fall_out_of_bronze(LineFact& fact) {
  constexpr auto kCode = lake::RejectCode::line_too_large;
  lake::Line bare;
  bare.reject = kCode;
  fact.reject = static_cast<std::uint8_t>(std::to_underlying(kCode) + 1);
  fact.columns = bronze_columns(bare);
}

/// Judges the value, and returns what its fingerprint in the log must be.
std::optional<std::uint64_t> ObjectScanner::judge_value(const LakeObject& object, const lake::Line& line) {
  std::optional<std::string_view> value = line.payload;
  const std::size_t bytes_max = around_.limits.value_bytes_max;
  if (line.reject) {
    if (value) {
      auto raw = base::from_base64(*value);
      if (!raw) {
        wrong("bad line", object, line.offset, "_raw is not base64");
        return std::nullopt;
      }
      raw_ = *std::move(raw);
      value = raw_;
    }
    if (!is_true_reason(*line.reject, value, bytes_max)) {
      wrong("wrongly rejected", object, line.offset, lake::name(*line.reject));
    }
  } else if (const auto code = judge(value, bytes_max)) {
    wrong("wrongly kept", object, line.offset, lake::name(*code));
  }
  if (line.schema_id) return fingerprinter_.of(line.key, *line.schema_id, *value, line.headers);
  return fingerprinter_.of(line.key, value, line.headers);
}

void ObjectScanner::check_log(const LakeObject& object, Cursor& cursor, const lake::Line& line,
                              std::uint64_t fingerprint) {
  if (!cursor.log || line.offset < cursor.log->start) return;
  // What a killed run's witness had no time to note cannot be compared with the lake.
  if (cursor.log->gone && line.offset >= cursor.log->end) return;
  const LogEntry* entry = cursor.log->find(line.offset);
  const auto batch = entry ? std::nullopt : cursor.log->unreadable_at(line.offset);
  if (batch) return note_unreadable(object, cursor, *batch);
  if (!entry) return wrong("not in the log", object, line.offset);
  const std::uint64_t wanted = line.reject ? entry->fingerprints.raw : entry->fingerprints.normal;
  if (fingerprint != wanted) wrong("key, value or headers differ from the log", object, line.offset);
  const auto timestamp = line.timestamp.time_since_epoch().count();
  if (timestamp != entry->timestamp_ms) {
    wrong("timestamp differs from the log", object, line.offset,
          fmt::format("{} instead of {}", timestamp, entry->timestamp_ms));
  }
}

/// The sink read records that the log cannot read any more. check_unreadable() and check_missing() see to the
/// rest of their batch.
void ObjectScanner::note_unreadable(const LakeObject& object, Cursor& cursor, lake::OffsetRange batch) {
  if (cursor.noted == batch.first) return;
  cursor.noted = batch.first;
  around_.findings.note(fmt::format(
      "{}: the log can no longer be read at offsets [{}, {}): what the lake has of them is proved from "
      "the lake on",
      lake::describe(object.meta.chain), batch.first, batch.end));
}

/// A line that stands for a batch: the log must refuse exactly its offsets. Its line may begin later than the
/// batch, where the records before were read while that could be done; that they are there is checked as for
/// all others.
void ObjectScanner::check_unreadable(const LakeObject& object, const Cursor& cursor, const lake::Line& line) {
  if (!cursor.log || line.end <= cursor.log->start) return;
  if (cursor.log->gone && line.end > cursor.log->end) return;
  const log::Offset first = std::max(line.offset, cursor.log->start);
  const auto batch = cursor.log->unreadable_at(first);
  if (!batch) return wrong("wrongly rejected", object, first, "the log can be read there");
  if (batch->first <= first && batch->end == line.end) return;
  wrong("wrongly rejected", object, first,
        fmt::format("offsets [{}, {}) as one batch that cannot be read, which is [{}, {}) in the log",
                    line.offset, line.end, batch->first, batch->end));
}

/// Names the log's records in [cursor.next, up_to), which this object's range claims and has no lines for.
void ObjectScanner::check_missing(const LakeObject& object, Cursor& cursor, log::Offset up_to) {
  if (!cursor.log) return;
  for (log::Offset offset = std::max(cursor.next, cursor.log->start);
       offset < std::min(up_to, cursor.log->end); ++offset) {
    if (cursor.log->has(offset))
      wrong("missing from the lake", object, offset, "inside the range of " + object.key);
  }
}

void ObjectScanner::check_counts(const LakeObject& object, const Cursor& cursor) {
  const std::int64_t rejected = cursor.rejected;
  const auto& meta = object.meta;
  const auto records = static_cast<std::int64_t>(object.lines.size());
  if (records != meta.records || rejected != meta.rejected) {
    wrong("object with other counts than its metadata", object,
          fmt::format("{} lines, {} of them rejected, instead of {} and {}", records, rejected, meta.records,
                      meta.rejected));
  }
  if (object.lines.empty()) return;
  if (cursor.next != meta.range.end) {
    wrong("object whose range goes on behind its last line", object,
          fmt::format("up to {}", meta.range.end - 1));
  }
  const auto first = meta.first_timestamp.time_since_epoch().count();
  const auto last = meta.last_timestamp.time_since_epoch().count();
  const int layout = layout_of(meta);
  if (filed_ms(layout, object.lines.front().timestamp_ms) != first ||
      filed_ms(layout, object.lines.back().timestamp_ms) != last) {
    wrong("object with other timestamps than its metadata", object,
          fmt::format("first {} last {}", first, last));
  }
}

/// By whose rules the object was written: in a lake that was upgraded its place tells.
int ObjectScanner::layout_of(const lake::ObjectMeta& meta) const {
  const int layout = around_.places.version();
  return layout == 2 && around_.upgrade ? around_.upgrade->layout_of(meta.chain, meta.range.first) : layout;
}

/// What metadata of layout 2 say of the last line and of the rejected ones.
void ObjectScanner::check_last_line(const LakeObject& object, const Cursor& cursor) {
  constexpr std::string_view kOthers = "object with other lines than its metadata";
  const auto& meta = object.meta;
  if (layout_of(meta) == 1) {
    if (!meta.last_line_sha256.empty() || meta.rejected_range || meta.leader_epoch)
      wrong(kOthers, object, "it has entries of layout 2");
    return;
  }
  if (around_.upgrade && meta.last_line_sha256.empty()) {
    wrong(
        kOthers, object,
        "it is of layout 1, behind the end that its chain had when the lake was upgraded: a sink of an older "
        "version wrote it, which must be stopped");
    return;
  }
  if (const std::string sha256 = base::sha256_hex(cursor.last_line); sha256 != meta.last_line_sha256) {
    wrong(kOthers, object,
          fmt::format("the sha256 of its last line is {}, its metadata says \"{}\"", sha256,
                      meta.last_line_sha256));
  }
  const log::Offset first = meta.rejected_range ? meta.rejected_range->first : -1;
  const log::Offset last = meta.rejected_range ? meta.rejected_range->end - 1 : -1;
  if (first != cursor.first_rejected || last != cursor.last_rejected) {
    wrong(kOthers, object,
          fmt::format("rejected from offset {} to {}, its metadata says from {} to {} (-1: none)",
                      cursor.first_rejected, cursor.last_rejected, first, last));
  }
  const log::Offset end = meta.range.end - 1;
  const auto epoch = cursor.log ? cursor.log->epoch_of(end) : std::nullopt;
  const bool in_log = cursor.log && cursor.log->find(end);
  if (in_log && epoch && epoch != meta.leader_epoch) {
    wrong(kOthers, object,
          fmt::format("leader epoch {} instead of {} (-1: none)", meta.leader_epoch.value_or(-1),
                      epoch.value_or(-1)));
  }
}

void ObjectScanner::wrong(std::string_view kind, const LakeObject& object, std::string_view detail) {
  around_.findings.item(Stage::lake, kind, fmt::format("{}: {}", object.key, detail));
}

void ObjectScanner::wrong(std::string_view kind, const LakeObject& object, log::Offset offset,
                          std::string_view detail) {
  around_.findings.offset(Stage::lake, kind, object.meta.chain, offset, detail);
}

std::int64_t bronze_timestamp_us(std::int64_t timestamp_ms) {
  constexpr std::int64_t kYear1 = -62'135'596'800'000;
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  return 1'000 * std::clamp(timestamp_ms, kYear1, kYear10000 - 1);
}

Result<std::string> payload_of(const LakeObject& object, log::Offset offset) {
  SDP_TRY(const store::Object stored, object.store->get(object.key));
  SDP_TRY(const std::string text,
          lake::decompress(lake::parse_key(object.key)->compression, stored.body, lake::kObjectBytesMax));
  lake::LineDecoder decoder;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = decoder.decode(rest.substr(0, end));
    if (line && line->offset == offset && line->payload) return std::string(*line->payload);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return fail(ErrorKind::bad_input, fmt::format("object {} has no line of offset {}", object.key, offset));
}

}  // namespace sdp::verify
