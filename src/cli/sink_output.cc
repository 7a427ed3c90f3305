#include "cli/sink_output.h"

#include <fmt/core.h>

#include <cstdio>

namespace sdp::cli {

void SinkPrinter::listening(const log::TopicInfo& topic) {
  if (!quiet_) fmt::print("Listening of events on Kafka topic '{}'.....\n", topic.name);
  std::fflush(stdout);
}

void SinkPrinter::assigned(log::Partition partition, log::Offset start) {
  if (!quiet_) fmt::print(stderr, "partition {} is ours, from offset {}\n", partition, start);
}

void SinkPrinter::revoked(log::Partition partition, bool lost) {
  if (!quiet_)
    fmt::print(stderr, "partition {} {}\n", partition,
               lost ? "was lost to another member" : "was handed over");
}

void SinkPrinter::uploaded(const sink::UploadResult& result) {
  if (quiet_) return;
  if (const auto* adopted = std::get_if<sink::Adopted>(&*result.outcome)) {
    fmt::print(stderr, "partition {}: offsets [{}, {}) were in the lake already; going on from {}\n",
               result.partition, adopted->winner.range.first, adopted->winner.range.end, result.chain_end);
    return;
  }
  fmt::print("Uploaded {} events to {}: {} (cut by {}{})\n", result.records, store_name_, result.key,
             name(result.reason), result.rejected > 0 ? fmt::format(", {} rejected", result.rejected) : "");
  std::fflush(stdout);
}

void SinkPrinter::closed_hour(const lake::HourMarker& marker) {
  if (quiet_) return;
  fmt::print(stderr, "partition {}: hour {} is closed at offset {}, {} records in {} objects\n",
             marker.chain.partition, lake::format_hour(marker.hour), marker.range.end, marker.records,
             marker.objects);
}

void SinkPrinter::warned(std::string_view warning) {
  fmt::print(stderr, "warning: {}\n", warning);
}

void print_bucket(std::string_view bucket, bool created) {
  fmt::print("Bucket {} {}.\n", bucket, created ? "created" : "already exists");
  std::fflush(stdout);
}

}  // namespace sdp::cli
