#include "cli/watched_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/terminal_text.h"
#include "base/utc_time.h"
#include "cli/lake_objects.h"
#include "cli/status.h"
#include "event/decode.h"
#include "lake/line.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"
#include "serve/record_feed.h"
#include "verify/mapped_event.h"

namespace sdp::cli {
namespace {

using base::or_null;
using nlohmann::ordered_json;

/// Of a key or a value that a page shows.
constexpr std::size_t kShownBytesMax = 2'048;
/// Offsets of a partition that are read at once, and how far from its end reading begins.
constexpr log::Offset kReadAtOnce = 1'000;
constexpr log::Offset kReadAtFirst = 100;
constexpr std::size_t kObjectsShown = 200;
constexpr std::size_t kLinesShown = 20;

std::string json_line(const ordered_json& json) {
  return base::dumped(json) + "\n";
}

std::optional<std::string> time_of(UtcMillis time) {
  return lake::has_time(time) ? std::optional(base::format_iso(time)) : std::nullopt;
}

/// The begin of a text, without half a character at its end.
std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

/// What sink and silver will say of a record, by the code by which they say it. Owned by one thread.
class Judge {
 public:
  struct Opinion {
    std::string code;                            ///< of a rejection
    std::string reason;                          ///< the same, as a sentence
    bool by_sink = false;                        ///< who rejects it
    std::optional<event::ListeningEvent> event;  ///< of a record that is valid
  };

  /// `judging` outlives this.
  explicit Judge(const Judging& judging)
      : encoder_(judging.value_bytes_max),
        decoder_(judging.mapping ? &*judging.mapping : nullptr),
        of_silver_(judging.mapping ? "Silver rejects what the mapping makes of it" : "Silver rejects it") {}

  Opinion judge(const log::RecordView& record) {
    line_.clear();
    if (const auto code = encoder_.append(line_, record)) {
      return {
          .code = std::string(lake::name(*code)),
          .reason = fmt::format("The sink stores it as a rejected line, because of {}.", lake::name(*code)),
          .by_sink = true,
          .event = {}};
    }
    // As bronze has it: without a frame and white space around it.
    line_.pop_back();
    const auto line = lines_.decode(line_);
    if (!line) return not_json(line.error());
    const auto verdict = decoder_.decode(line->payload.value_or(""));
    if (!verdict) return not_json(verdict.error());
    if (*verdict) return {.code = {}, .reason = {}, .by_sink = false, .event = **verdict};
    const event::Rejection& first = verdict->error().front();
    return {
        .code = std::string(event::name(first.reason)),
        .reason = fmt::format("{}, because of {} in {}.", of_silver_, event::name(first.reason), first.field),
        .by_sink = false,
        .event = {}};
  }

 private:
  static Opinion not_json(const Error& error) {
    return {.code = "not_json", .reason = error.message, .by_sink = true, .event = {}};
  }

  lake::LineEncoder encoder_;
  lake::LineDecoder lines_;
  verify::PayloadDecoder decoder_;
  const std::string_view of_silver_;
  std::string line_;
};

serve::ShownRecord shown(const log::RecordView& record, const Judge::Opinion& opinion) {
  serve::ShownRecord result{.partition = record.partition,
                            .offset = record.offset,
                            .time = time_of(record.timestamp),
                            .key = {},
                            .value = {},
                            .cut = false,
                            .code = opinion.code,
                            .reason = opinion.reason};
  const auto take = [&result](const std::optional<std::string_view>& text) -> std::optional<std::string> {
    if (!text) return std::nullopt;
    result.cut = result.cut || text->size() > kShownBytesMax;
    return shortened(*text, kShownBytesMax);
  };
  result.key = take(record.key);
  result.value = take(record.value);
  return result;
}

serve::ShownRecord shown(const log::UnreadableBatch& batch) {
  const std::string_view code = lake::name(lake::code_of(batch.fault));
  return {
      .partition = batch.partition,
      .offset = batch.first,
      .time = {},
      .key = {},
      .value = {},
      .cut = false,
      .code = std::string(code),
      .reason = fmt::format("The batch up to offset {} cannot be read, because of {}.", batch.end - 1, code)};
}

/// The end of the topic, partition by partition.
class TopicEnd {
 public:
  TopicEnd(log::EventLog& log, std::chrono::milliseconds timeout, const Judging& judging)
      : log_(log), timeout_(timeout), judge_(judging) {}

  Result<serve::NewRecords> read(bool restart) {
    if (!reader_) {
      SDP_TRY(reader_, log_.open_reader());
    }
    // Partitions that are added are seen by whoever comes next: the topic is not described five times a
    // second.
    if (restart || partitions_ == 0) {
      positions_.clear();
      SDP_TRY(const log::TopicInfo topic, log_.describe());
      partitions_ = topic.partitions;
      topic_id_ = base::to_string(topic.id);
    }
    serve::NewRecords found;
    found.topic_id = topic_id_;
    for (log::Partition partition = 0; partition < partitions_; ++partition)
      SDP_RETURN_IF_ERROR(read_partition(partition, found));
    return found;
  }

 private:
  Result<void> read_partition(log::Partition partition, serve::NewRecords& found) {
    SDP_TRY(const log::Watermarks available, log_.watermarks(partition));
    const auto position =
        positions_.try_emplace(partition, std::max(available.start, available.end - kReadAtFirst)).first;
    // A topic that was created again begins at 0.
    if (position->second > available.end) position->second = available.start;
    const log::Offset from = std::max({position->second, available.start, available.end - kReadAtOnce});
    found.passed += static_cast<std::uint64_t>(from - position->second);
    position->second = from;
    if (from >= available.end) {
      found.ranges.push_back({.partition = partition, .from = from, .next = from});
      return {};
    }
    log::Offset next = available.end;
    const auto record = [&](const log::RecordView& one) -> Result<void> {
      found.records.push_back(shown(one, judge_.judge(one)));
      return {};
    };
    const auto unreadable = [&](const log::UnreadableBatch& batch) -> Result<void> {
      found.records.push_back(shown(batch));
      next = std::max(next, batch.end);
      return {};
    };
    auto read = reader_->read(partition, from, available.end, timeout_, record, unreadable);
    // Deleted between the two questions: it is read from the new start the next time.
    if (!read && read.error().kind != ErrorKind::data_gap) return read;
    if (!read) return {};
    position->second = next;
    found.ranges.push_back({.partition = partition, .from = from, .next = next});
    return {};
  }

  log::EventLog& log_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<log::Reader> reader_;
  log::Partition partitions_ = 0;
  std::string topic_id_;
  std::map<log::Partition, log::Offset> positions_;  ///< the next offset to read
  Judge judge_;
};

/// Answers single questions about the lake and about a record.
class Lookup {
 public:
  Lookup(const StatusSources& sources, StatusReader status, const Judging& judging, Clock& clock)
      : sources_(sources), status_(std::move(status)), clock_(clock), judge_(judging) {}

  Result<std::string> objects(std::string_view hour_text) {
    const auto hour = lake::parse_hour(hour_text);
    if (!hour) return fail(ErrorKind::bad_input, "the hour must look like 2026-02-15T17");
    SDP_TRY(const lake_reader::LakeReader lake, open_lake_reader());
    std::vector<store::ListedObject> found;
    SDP_RETURN_IF_ERROR(sources_.store.list(lake::hour_prefix(*hour), [&](const store::ListedObject& object) {
      if (lake::parse_key(object.key) && !lake.overrides().ignores(object.key)) found.push_back(object);
      return true;
    }));
    const std::size_t more = found.size() - std::min(found.size(), kObjectsShown);
    ordered_json list = ordered_json::array();
    for (std::size_t at = more; at < found.size(); ++at) {
      SDP_TRY(const lake::ObjectMeta meta, lake.meta_of(found[at].key));
      list.push_back({{"key", found[at].key},
                      {"partition", meta.chain.partition},
                      {"first_offset", meta.range.first},
                      {"last_offset", meta.range.end - 1},
                      {"records", meta.records},
                      {"rejected", meta.rejected},
                      {"bytes", found[at].bytes},
                      {"first_time", or_null(time_of(meta.first_timestamp))},
                      {"last_time", or_null(time_of(meta.last_timestamp))},
                      {"sha256", meta.sha256},
                      {"writer", meta.writer}});
    }
    return json_line({{"hour", lake::format_hour(*hour)},
                      {"as_of", base::format_iso(clock_.utc_now())},
                      {"objects", std::move(list)},
                      {"not_shown", more}});
  }

  Result<std::string> head(std::string_view key) const {
    // An answer that anybody can ask for does not repeat what was asked.
    if (!lake::parse_key(key))
      return fail(ErrorKind::bad_input, "this is not the name of an object of events");
    SDP_TRY(const std::string text, text_of(sources_.store, key));
    ordered_json lines = ordered_json::array();
    bool cut = false;
    visit_lines(text, [&](std::string_view line) {
      cut = lines.size() == kLinesShown;
      if (!cut) lines.push_back(shortened(line, kShownBytesMax));
      return !cut;
    });
    return json_line({{"key", key},
                      {"as_of", base::format_iso(clock_.utc_now())},
                      {"lines", std::move(lines)},
                      {"cut", cut}});
  }

  Result<std::string> record(log::Partition partition, log::Offset offset) {
    SDP_TRY(const log::TopicInfo topic, sources_.log.describe());
    if (partition >= topic.partitions) {
      return fail(ErrorKind::bad_input, fmt::format("topic {} has partitions 0 to {}",
                                                    sources_.log.topic_name(), topic.partitions - 1));
    }
    SDP_TRY(const log::Watermarks available, sources_.log.watermarks(partition));
    if (offset < available.start || offset >= available.end) {
      return fail(
          ErrorKind::bad_input,
          fmt::format(
              "partition {} of the log has the offsets from {} up to {}; look into the lake for older ones",
              partition, available.start, available.end));
    }
    ordered_json answer;
    SDP_TRY(const std::unique_ptr<log::Reader> reader, sources_.log.open_reader());
    UtcMillis time = lake::kNoTime;
    SDP_RETURN_IF_ERROR(reader->read(
        partition, offset, offset + 1, sources_.timeout,
        [&](const log::RecordView& one) -> Result<void> {
          time = one.timestamp;
          const Judge::Opinion opinion = judge_.judge(one);
          answer = serve::to_json(shown(one, opinion));
          answer["fate_note"] = fate_of(opinion);
          return {};
        },
        [&](const log::UnreadableBatch& batch) -> Result<void> {
          answer = serve::to_json(shown(batch));
          answer["fate_note"] = "The sink stores one rejected line for the whole batch. No mart counts it.";
          return {};
        }));
    if (answer.is_null()) {
      return fail(
          ErrorKind::bad_input,
          fmt::format("offset {} of partition {} holds no record: it is a marker of a transaction, or "
                      "of one that was given up",
                      offset, partition));
    }
    SDP_RETURN_IF_ERROR(add_places({topic.id, partition}, offset, time, answer));
    answer["as_of"] = base::format_iso(clock_.utc_now());
    return json_line(answer);
  }

 private:
  Result<lake_reader::LakeReader> open_lake_reader() const {
    SDP_TRY(const lake::Places places, lake_reader::find_places(sources_.store));
    SDP_TRY(auto overrides, lake_reader::read_overrides(sources_.store, places));
    return lake_reader::LakeReader(sources_.store, places, std::move(overrides));
  }

  static std::string fate_of(const Judge::Opinion& opinion) {
    if (opinion.by_sink)
      return "Its line in the lake says why it is rejected. Silver lists it in spotify_rejected; no mart "
             "counts it.";
    if (!opinion.event) return "Silver lists it in spotify_rejected with this reason; no mart counts it.";
    const event::ListeningEvent& event = *opinion.event;
    return fmt::format(
        "It is valid. Silver keeps it, unless a record with a lower offset has the same event_id {}; then it "
        "is a "
        "duplicate. A kept {} counts for song {} in MART.TOP_SONGS and for listener {} in "
        "MART.USER_ENGAGEMENT.",
        to_string(event.event_id), event::name(event.event_type), to_string(event.song_id),
        to_string(event.user_id));
  }

  /// Where the record is in the lake, and whether it was loaded.
  Result<void> add_places(const lake::ChainId& chain, log::Offset offset, UtcMillis time,
                          ordered_json& answer) {
    SDP_TRY(const Status status, status_.look());
    const log::Offset lake_end = status.partitions.at(static_cast<std::size_t>(chain.partition)).lake_end;
    answer["object"] = nullptr;
    answer["object_note"] = "";
    answer["loaded"] = nullptr;
    answer["loaded_note"] = "";
    if (offset >= lake_end) {
      const auto waiting = why_waiting(status);
      answer["object_note"] = fmt::format("It is not in the lake yet. {}", waiting ? waiting->text : "");
      answer["loaded"] = false;
      return {};
    }
    SDP_TRY(const auto object, object_with(chain, offset, time));
    if (object) {
      answer["object"] = {{"key", object->key},
                          {"first_offset", object->meta.range.first},
                          {"last_offset", object->meta.range.end - 1}};
    } else {
      answer["object_note"] = "It is in the lake, in an object whose folder its time does not tell.";
    }
    if (!status.published) {
      answer["loaded_note"] = "Nothing is published yet, so nobody can tell whether it was loaded.";
      return {};
    }
    const auto ends = loaded_ends(status.published->summary.ledger, status.topic_id);
    const auto end = ends.find(chain.partition);
    if (end != ends.end()) {
      answer["loaded"] = offset < end->second;
      answer["loaded_note"] = fmt::format("What was published at {} has this partition up to offset {}.",
                                          status.published->summary.taken_at, end->second - 1);
    } else {
      answer["loaded_note"] = "The last rows of the ledger do not name this partition.";
    }
    return {};
  }

  struct Found {
    std::string key;
    lake::ObjectMeta meta;
  };

  /// Objects lie in the hour of their first record, so this one's may be an hour earlier.
  Result<std::optional<Found>> object_with(const lake::ChainId& chain, log::Offset offset, UtcMillis time) {
    if (!lake::has_time(time)) return std::nullopt;
    SDP_TRY(const lake_reader::LakeReader lake, open_lake_reader());
    const lake::Hour hour = lake::hour_of(time);
    SDP_TRY(const auto objects, lake.objects_of(chain, hour - std::chrono::hours(1), hour));
    const lake_reader::ChainObject* last = nullptr;
    for (const auto& object : objects)
      if (object.first <= offset && (last == nullptr || object.first > last->first)) last = &object;
    if (last == nullptr) return std::nullopt;
    SDP_TRY(lake::ObjectMeta meta, lake.meta_of(last->key));
    if (offset >= meta.range.end) return std::nullopt;
    return Found{last->key, std::move(meta)};
  }

  const StatusSources& sources_;
  StatusReader status_;
  Clock& clock_;
  Judge judge_;
};

class WatchedPipeline final : public serve::Watched {
 public:
  WatchedPipeline(const StatusSources& sources, StatusReader status, StatusReader for_lookup, Judging judging,
                  Clock& clock)
      : sources_(sources),
        judging_(std::move(judging)),
        clock_(clock),
        status_(std::move(status)),
        end_(sources_.log, sources_.timeout, judging_),
        lookup_(sources_, std::move(for_lookup), judging_, clock) {}

  serve::Look look() override {
    const auto status = status_.look();
    if (!status) {
      return {.json = json_line({{"schema_version", 1},
                                 {"at", base::format_iso(clock_.utc_now())},
                                 {"error", status.error().message}}),
              .point = {}};
    }
    return {.json = json_line(to_json(*status)),
            .point = serve::Point{.at = base::format_iso(status->at),
                                  .log = ends_of_log(*status),
                                  .lake = count_of(*status, "lake"),
                                  .bronze = count_of(*status, "bronze"),
                                  .silver = count_of(*status, "silver")}};
  }

  Result<serve::NewRecords> new_records(bool restart) override { return end_.read(restart); }
  Result<std::string> objects(std::string_view hour) override { return lookup_.objects(hour); }
  Result<std::string> head(std::string_view key) override { return lookup_.head(key); }
  Result<std::string> record(log::Partition partition, log::Offset offset) override {
    return lookup_.record(partition, offset);
  }

 private:
  /// All offsets ever given, which retention does not make fewer: by them a rate is told.
  static std::uint64_t ends_of_log(const Status& status) {
    log::Offset sum = 0;
    for (const PartitionStatus& one : status.partitions) sum += one.available.end;
    return static_cast<std::uint64_t>(sum);
  }

  const StatusSources sources_;
  const Judging judging_;
  Clock& clock_;
  StatusReader status_;
  TopicEnd end_;
  Lookup lookup_;
};

}  // namespace

Result<std::unique_ptr<serve::Watched>> watch_pipeline(const StatusSources& sources, Judging judging,
                                                       Clock& clock) {
  SDP_TRY(auto status, StatusReader::open(sources, clock));
  SDP_TRY(auto for_lookup, StatusReader::open(sources, clock));
  return std::make_unique<WatchedPipeline>(sources, std::move(status), std::move(for_lookup),
                                           std::move(judging), clock);
}

}  // namespace sdp::cli
