#pragma once

#include <string>

#include "sink/sink_runner.h"

namespace sdp::cli {

/// Prints what a sink does, in the words of the original document.
class SinkPrinter final : public sink::SinkObserver {
 public:
  /// `store_name` as in "Uploaded 10 events to MinIO". Quiet printers show warnings only.
  SinkPrinter(std::string store_name, bool quiet) : store_name_(std::move(store_name)), quiet_(quiet) {}

  void listening(const log::TopicInfo& topic) override;
  void assigned(log::Partition partition, log::Offset start) override;
  void revoked(log::Partition partition, bool lost) override;
  void uploaded(const sink::UploadResult& result) override;
  void closed_hour(const lake::HourMarker& marker) override;
  void warned(std::string_view warning) override;

 private:
  const std::string store_name_;
  const bool quiet_;
};

/// "Bucket spotify already exists." or "Bucket spotify created."
void print_bucket(std::string_view bucket, bool created);

}  // namespace sdp::cli
