#include "lake/object_meta.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/topic_name.h"

namespace sdp::lake {
namespace {

using Metadata = std::map<std::string, std::string>;

Result<std::string> text_at(const Metadata& metadata, const std::string& name) {
  const auto at = metadata.find(name);
  if (at == metadata.end() || at->second.empty()) {
    return fail(ErrorKind::bad_input, fmt::format("metadata {} is missing", name));
  }
  return at->second;
}

template <typename Number>
Result<Number> number_at(const Metadata& metadata, const std::string& name) {
  SDP_TRY(const std::string text, text_at(metadata, name));
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorKind::bad_input, fmt::format("metadata {} is not a number: {}", name, text));
  }
  return number;
}

Result<UtcMillis> time_at(const Metadata& metadata, const std::string& name) {
  SDP_TRY(const auto millis, number_at<std::int64_t>(metadata, name));
  return UtcMillis(std::chrono::milliseconds(millis));
}

std::string millis(UtcMillis time) {
  return fmt::format("{}", time.time_since_epoch().count());
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<void> check_invariants(const ObjectMeta& meta) {
  const auto bad = [](std::string_view what) {
    return fail(ErrorKind::bad_input, fmt::format("metadata: {}", what));
  };
  if (!base::is_topic_name(meta.topic)) return bad("topic is not a name that Kafka allows");
  if (meta.chain.partition < 0 || meta.range.first < 0) return bad("partition or offset is negative");
  if (meta.range.empty()) return bad("last-offset is below first-offset");
  if (meta.records < 1 || meta.records > meta.range.end - meta.range.first)
    return bad("records do not fit the offsets");
  if (meta.rejected < 0 || meta.rejected > meta.records) return bad("rejected does not fit records");
  if (!is_sha256(meta.sha256)) return bad("sha256 is not 64 hex digits");
  if (!meta.last_line_sha256.empty() && !is_sha256(meta.last_line_sha256))
    return bad("last-line-sha256 is not 64 hex digits");
  if (meta.leader_epoch && *meta.leader_epoch < 0) return bad("leader-epoch is negative");
  if (!meta.rejected_range) return {};
  const OffsetRange rejected = *meta.rejected_range;
  if (rejected.first < meta.range.first || rejected.end > meta.range.end || rejected.empty() ||
      meta.rejected > rejected.end - rejected.first) {
    return bad("first-rejected and last-rejected do not fit the offsets");
  }
  return {};
}

}  // namespace

Metadata to_metadata(const ObjectMeta& meta) {
  Metadata metadata = {{"topic-name", meta.topic},
                       {"topic-id", base::to_string(meta.chain.topic_id)},
                       {"partition", fmt::format("{}", meta.chain.partition)},
                       {"first-offset", fmt::format("{}", meta.range.first)},
                       {"last-offset", fmt::format("{}", meta.range.end - 1)},
                       {"records", fmt::format("{}", meta.records)},
                       {"rejected", fmt::format("{}", meta.rejected)},
                       {"first-timestamp-ms", millis(meta.first_timestamp)},
                       {"last-timestamp-ms", millis(meta.last_timestamp)},
                       {"sha256", meta.sha256},
                       {"writer", meta.writer}};
  if (!meta.last_line_sha256.empty()) metadata["last-line-sha256"] = meta.last_line_sha256;
  if (meta.rejected_range) {
    metadata["first-rejected"] = fmt::format("{}", meta.rejected_range->first);
    metadata["last-rejected"] = fmt::format("{}", meta.rejected_range->end - 1);
  }
  if (meta.leader_epoch) metadata["leader-epoch"] = fmt::format("{}", *meta.leader_epoch);
  return metadata;
}

namespace {

/// What objects of layout 1 do not have.
Result<void> read_later_entries(const Metadata& metadata, ObjectMeta& meta) {
  if (metadata.contains("last-line-sha256")) {
    SDP_TRY(meta.last_line_sha256, text_at(metadata, "last-line-sha256"));
  }
  if (metadata.contains("first-rejected") || metadata.contains("last-rejected")) {
    SDP_TRY(const auto first, number_at<log::Offset>(metadata, "first-rejected"));
    SDP_TRY(const auto last, number_at<log::Offset>(metadata, "last-rejected"));
    if (last == std::numeric_limits<log::Offset>::max())
      return fail(ErrorKind::bad_input, "metadata last-rejected is too large");
    meta.rejected_range = OffsetRange{first, last + 1};
  }
  if (metadata.contains("leader-epoch")) {
    SDP_TRY(meta.leader_epoch, number_at<log::LeaderEpoch>(metadata, "leader-epoch"));
  }
  return {};
}

}  // namespace

Result<ObjectMeta> meta_from(const Metadata& metadata) {
  ObjectMeta meta;
  SDP_TRY(meta.topic, text_at(metadata, "topic-name"));
  SDP_TRY(const std::string id, text_at(metadata, "topic-id"));
  const auto topic_id = base::parse_uuid(id);
  if (!topic_id) return fail(ErrorKind::bad_input, fmt::format("metadata topic-id is not a UUID: {}", id));
  meta.chain.topic_id = *topic_id;
  SDP_TRY(meta.chain.partition, number_at<log::Partition>(metadata, "partition"));
  SDP_TRY(meta.range.first, number_at<log::Offset>(metadata, "first-offset"));
  SDP_TRY(const auto last, number_at<log::Offset>(metadata, "last-offset"));
  if (last == std::numeric_limits<log::Offset>::max())
    return fail(ErrorKind::bad_input, "metadata last-offset is too large");
  meta.range.end = last + 1;
  SDP_TRY(meta.records, number_at<std::int64_t>(metadata, "records"));
  SDP_TRY(meta.rejected, number_at<std::int64_t>(metadata, "rejected"));
  SDP_TRY(meta.first_timestamp, time_at(metadata, "first-timestamp-ms"));
  SDP_TRY(meta.last_timestamp, time_at(metadata, "last-timestamp-ms"));
  SDP_TRY(meta.sha256, text_at(metadata, "sha256"));
  SDP_TRY(meta.writer, text_at(metadata, "writer"));
  SDP_RETURN_IF_ERROR(read_later_entries(metadata, meta));
  SDP_RETURN_IF_ERROR(check_invariants(meta));
  return meta;
}

bool is_same_object(const ObjectMeta& one, const ObjectMeta& other) {
  return one.chain == other.chain && one.range == other.range && one.sha256 == other.sha256;
}

}  // namespace sdp::lake
