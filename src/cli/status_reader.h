#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/status.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"
#include "sink/sink_runner.h"
#include "store/object_store.h"

namespace sdp::cli {

/// What a status is read from.
struct StatusSources {
  log::EventLog& log;
  store::ObjectStore& store;
  std::filesystem::path published;  ///< folder of publications; empty: none
  std::string group;
  SinkPace pace;
  SharedFlags flags = {};
  std::size_t hours = 24;                     ///< newest ones
  std::chrono::milliseconds timeout{10'000};  ///< of an answer of the log
};

/// The settings of a sink as far as they say how soon it cuts objects and closes hours.
SinkPace pace_of(const sink::SinkOptions& sink);

/// Looks where the pipeline stands, again and again. Opens no warehouse and writes nothing. Owned by one
/// thread.
class StatusReader {
 public:
  static Result<StatusReader> open(StatusSources sources, Clock& clock);

  Result<Status> look();

 private:
  StatusReader(StatusSources sources, std::unique_ptr<log::Reader> reader, Clock& clock)
      : sources_(std::move(sources)), reader_(std::move(reader)), clock_(clock) {}

  Result<void> read_chains(Status& status);

  StatusSources sources_;
  std::unique_ptr<log::Reader> reader_;
  Clock& clock_;
  std::vector<lake_reader::HourStatus> hours_;  ///< as the last look found them, of this topic id:
  log::TopicId hours_of_{};
};

}  // namespace sdp::cli
