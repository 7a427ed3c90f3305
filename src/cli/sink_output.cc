#include "cli/sink_output.h"

#include <fmt/core.h>

#include <cstdio>

namespace sdp::cli {

void SinkPrinter::listening(const log::TopicInfo& topic) {
  if (quiet_) return;
  fmt::print("Listening of events on Kafka topic '{}'.....\n", topic.name);
  std::fflush(stdout);
}

void SinkPrinter::uploaded(const sink::UploadResult& result) {
  if (quiet_ || std::holds_alternative<sink::Adopted>(*result.outcome)) return;
  fmt::print("Uploaded {} events to {}: {} (cut by {}{})\n", result.records, store_name_, result.key,
             name(result.reason), result.rejected > 0 ? fmt::format(", {} rejected", result.rejected) : "");
  std::fflush(stdout);
}

void print_bucket(std::string_view bucket, bool created) {
  fmt::print("Bucket {} {}.\n", bucket, created ? "created" : "already exists");
  std::fflush(stdout);
}

}  // namespace sdp::cli
