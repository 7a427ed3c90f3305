#pragma once

#include <string>

#include "sink/sink_runner.h"

namespace sdp::cli {

/// Prints the results of a sink on standard output, in the words of the README; what else it does is in the
/// log.
class SinkPrinter final : public sink::SinkObserver {
 public:
  /// `store_name` as in "Uploaded 10 events to MinIO".
  SinkPrinter(std::string store_name, bool quiet) : store_name_(std::move(store_name)), quiet_(quiet) {}

  void listening(const log::TopicInfo& topic) override;
  void uploaded(const sink::UploadResult& result) override;

 private:
  const std::string store_name_;
  const bool quiet_;
};

/// "Bucket spotify already exists." or "Bucket spotify created."
void print_bucket(std::string_view bucket, bool created);

}  // namespace sdp::cli
