#include "cli/sink_output.h"

#include <fmt/core.h>

#include "cli/standard_output.h"

namespace sdp::cli {

void SinkPrinter::listening(const log::TopicInfo& topic) {
  if (quiet_) return;
  print_out("Listening of events on Kafka topic '{}'.....\n", topic.name);
  flush_out();
}

void SinkPrinter::uploaded(const sink::UploadResult& result) {
  if (quiet_ || std::holds_alternative<sink::Adopted>(*result.outcome)) return;
  print_out("Uploaded {} events to {}: {} (cut by {}{})\n", result.records, store_name_, result.key,
            name(result.reason), result.rejected > 0 ? fmt::format(", {} rejected", result.rejected) : "");
  flush_out();
}

void print_bucket(std::string_view bucket, bool created) {
  print_out("Bucket {} {}.\n", bucket, created ? "created" : "already exists");
  flush_out();
}

}  // namespace sdp::cli
