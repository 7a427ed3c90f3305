#include "sink/hour_closer.h"

#include <algorithm>
#include <utility>

#include "diag/log.h"

namespace sdp::sink {
namespace {

using diag::log_event;

}  // namespace

HourCloser::HourCloser(log::EventLog& log, store::ObjectStore& store, const lake_reader::LakeReader& lake,
                       log::TopicInfo topic)
    : log_(log), store_(store), lake_(lake), topic_(topic), chains_(store, lake, std::move(topic)) {
  thread_ = std::jthread([this] {
    while (auto request = requests_.pop()) {
      auto closed = close(*request);
      results_.push({*request, std::move(closed)});
    }
  });
}

HourCloser::~HourCloser() {
  while (requests_.try_pop()) continue;
  requests_.close();
  results_.close();
}

void HourCloser::request(const CloseRequest& request) {
  if (requests_.size() < kRequestsMax) {
    requests_.push(request);
    ++open_requests_;
  } else {
    log_event("hours.dropped", {{"topic", topic_.name},
                                {"partition", request.partition},
                                {"hour", lake::format_hour(request.through)}});
  }
}

std::optional<CloseResult> HourCloser::next_result() {
  auto result = results_.try_pop();
  if (result) --open_requests_;
  return result;
}

Result<std::vector<lake::HourMarker>> HourCloser::close(const CloseRequest& request) {
  // Step 1.
  SDP_TRY(const log::TopicInfo now, log_.describe());
  if (now.id != topic_.id) return std::vector<lake::HourMarker>{};
  chains_.expect_partitions(now.partitions);
  // Step 2.
  if (request.partition == 0 && !past_lives_closed_) {
    const auto closed = close_past_lives(request.through);
    past_lives_closed_ = closed && *closed;
    if (!closed) {
      log_event(
          "hours.past_postponed",
          {{"topic", topic_.name}, {"kind", name(closed.error().kind)}, {"message", closed.error().message}});
    }
  }
  // Step 3.
  return chains_.close(request);
}

Result<bool> HourCloser::close_past_lives(lake::Hour through) {
  SDP_TRY(const auto lives, lake_.past_lives(topic_.id));
  bool all = true;
  for (const lake_reader::PastLife& life : lives) {
    SDP_TRY(const bool closed, close_past_life(life, through));
    all = all && closed;
  }
  return all;
}

Result<bool> HourCloser::close_past_life(const lake_reader::PastLife& life, lake::Hour through) {
  if (!life.last_open) return true;
  if (*life.last_open > through) return false;  // it is not over
  log::TopicInfo topic = topic_;
  topic.id = life.topic_id;
  topic.partitions = life.partitions;
  ChainCloser closer(store_, lake_, std::move(topic));
  for (log::Partition partition = 0; partition < life.partitions; ++partition) {
    // A long absence is caught up in several goes.
    for (bool further = true; further;) {
      SDP_TRY(const auto closed, closer.close({partition, *life.last_open, std::nullopt}));
      further = !closed.empty() && closed.back().hour < *life.last_open;
      for (const lake::HourMarker& marker : closed) {
        log_event("hours.past_closed", {{"topic", topic_.name},
                                        {"topic_id", base::to_string(life.topic_id)},
                                        {"partition", partition},
                                        {"hour", lake::format_hour(marker.hour)},
                                        {"end", marker.range.end},
                                        {"records", marker.records},
                                        {"objects", marker.objects}});
      }
    }
  }
  return true;
}

}  // namespace sdp::sink
