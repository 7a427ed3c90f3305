#include "cli/sample_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "cli/lake_objects.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::cli {
namespace {

/// Offsets that are looked at for records where transactions leave offsets without any.
constexpr std::uint64_t kOffsetsMax = 100'000;
constexpr std::uint64_t kMoreOffsets = 8;

Result<void> go_on(const std::stop_token& stop) {
  if (!stop.stop_requested()) return {};
  return fail(ErrorKind::interrupted, "stopped before all records of the sample were read");
}

std::string place_of(std::string_view topic, log::PartitionOffset at) {
  return fmt::format("{}/{}/{}", topic, at.partition, at.offset);
}

Result<void> read_range(log::Reader& reader, std::string_view topic, log::Partition partition,
                        lake::OffsetRange range, std::chrono::milliseconds timeout, NewestRecords& newest) {
  if (range.empty()) return {};
  UtcMillis last{};
  const auto record = [&](const log::RecordView& one) -> Result<void> {
    const log::PartitionOffset at{one.partition, one.offset};
    last = one.timestamp;
    newest.add(last, {.place = place_of(topic, at),
                      .at = at,
                      .value = one.value ? std::optional(std::string(*one.value)) : std::nullopt,
                      .refused = {}});
    return {};
  };
  // It has no time of its own.
  const auto unreadable = [&](const log::UnreadableBatch& batch) -> Result<void> {
    const log::PartitionOffset at{batch.partition, batch.first};
    newest.add(last,
               {.place = place_of(topic, at), .at = at, .value = {}, .refused = lake::code_of(batch.fault)});
    return {};
  };
  return reader.read(partition, range.first, range.end, timeout, record, unreadable);
}

SampleRecord record_of(const lake::Line& line, std::string_view topic) {
  const log::PartitionOffset at{line.partition, line.offset};
  SampleRecord record{.place = place_of(topic, at), .at = at, .value = {}, .refused = line.reject};
  if (!line.payload) return record;
  record.value = line.reject ? base::from_base64(*line.payload) : std::string(*line.payload);
  return record;
}

Result<void> read_object(store::ObjectStore& store, const std::string& key, std::string_view topic,
                         NewestRecords& newest) {
  SDP_TRY(const std::string text, text_of(store, key));
  lake::LineDecoder decoder;
  Result<void> sound;
  visit_lines(text, [&](std::string_view one) {
    const auto line = decoder.decode(one);
    if (!line) {
      sound = std::unexpected(line.error().in(key));
      return false;
    }
    newest.add(line->timestamp, record_of(*line, topic));
    return true;
  });
  return sound;
}

}  // namespace

Result<std::vector<SampleRecord>> newest_of_log(log::EventLog& log, std::size_t count,
                                                std::chrono::milliseconds timeout,
                                                const std::stop_token& stop) {
  SDP_TRY(const log::TopicInfo topic, log.describe());
  std::vector<log::Watermarks> available;
  for (log::Partition partition = 0; partition < topic.partitions; ++partition) {
    SDP_RETURN_IF_ERROR(go_on(stop));
    SDP_TRY(const log::Watermarks one, log.watermarks(partition));
    available.push_back(one);
  }
  SDP_TRY(const std::unique_ptr<log::Reader> reader, log.open_reader());
  for (std::uint64_t wanted = count;; wanted = std::min(wanted * kMoreOffsets, kOffsetsMax)) {
    NewestRecords newest(count, kSampleBytesMax);
    const auto ranges = newest_offsets(available, wanted);
    bool is_all = true;
    for (log::Partition partition = 0; partition < topic.partitions; ++partition) {
      SDP_RETURN_IF_ERROR(go_on(stop));
      const auto at = static_cast<std::size_t>(partition);
      is_all = is_all && ranges[at].first == available[at].start;
      SDP_RETURN_IF_ERROR(read_range(*reader, topic.name, partition, ranges[at], timeout, newest));
    }
    if (!newest.is_full() && !is_all && wanted < kOffsetsMax) continue;
    auto records = newest.take();
    if (!records.empty()) return records;
    return fail(ErrorKind::bad_input,
                is_all ? fmt::format("topic {} has no records", topic.name)
                       : fmt::format("topic {} has no records among its newest {} offsets, which are markers "
                                     "of transactions or were aborted",
                                     topic.name, wanted));
  }
}

Result<std::vector<SampleRecord>> newest_of_lake(store::ObjectStore& store, std::size_t count,
                                                 const std::stop_token& stop) {
  SDP_TRY(const auto found, lake_reader::find_layout(store));
  SDP_TRY(const auto layout, lake_reader::read_layout(store, found));
  SDP_TRY(const auto overrides, lake_reader::read_overrides(store, found.places));
  const std::string topic = layout ? layout->topic : "lake";
  NewestRecords newest(count, kSampleBytesMax);
  const auto read_hour = [&](const lake_reader::HourFolder& folder) -> Result<bool> {
    SDP_TRY(const std::vector<std::string> keys, objects_of(store, overrides, folder));
    for (auto key = keys.rbegin(); key != keys.rend() && !newest.is_full(); ++key) {
      SDP_RETURN_IF_ERROR(go_on(stop));
      SDP_RETURN_IF_ERROR(read_object(store, *key, topic, newest));
    }
    return !newest.is_full();
  };
  SDP_RETURN_IF_ERROR(
      lake_reader::walk_hours(store, lake::kBronzePrefix, lake_reader::Order::newest_first, read_hour));
  auto records = newest.take();
  if (records.empty()) return fail(ErrorKind::bad_input, store.describe() + " has no records");
  return records;
}

}  // namespace sdp::cli
