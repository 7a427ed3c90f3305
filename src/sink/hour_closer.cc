#include "sink/hour_closer.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "diag/log.h"

namespace sdp::sink {
namespace {

using diag::log_event;

}  // namespace

HourCloser::HourCloser(log::EventLog& log, store::ObjectStore& store, const lake_reader::LakeReader& lake,
                       log::TopicInfo topic)
    : log_(log), store_(store), lake_(lake), topic_(std::move(topic)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

HourCloser::~HourCloser() {
  thread_.request_stop();
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

void HourCloser::serve(const std::stop_token& stop) {
  while (auto first = requests_.pop()) {
    std::vector<CloseRequest> requests{*first};
    while (const auto next = requests_.try_pop()) requests.push_back(*next);
    close_all(requests, stop);
  }
}

void HourCloser::close_all(const std::vector<CloseRequest>& requests, const std::stop_token& stop) {
  const auto ours = prepare(requests);
  std::map<log::Partition, std::vector<CloseRequest>> by_chain;
  for (const CloseRequest& request : requests) {
    if (ours && *ours) {
      by_chain[request.partition].push_back(request);
    } else if (ours) {
      results_.push({request, std::vector<lake::HourMarker>{}});
    } else {
      results_.push({request, std::unexpected(ours.error())});
    }
  }
  // Step 3.
  std::vector<std::pair<ChainCloser*, std::vector<CloseRequest>>> work;
  for (auto& [partition, of_chain] : by_chain) work.emplace_back(&chains_.at(partition), std::move(of_chain));
  const auto close_chain = [&](std::size_t i, int) -> Result<void> {
    for (const CloseRequest& request : work[i].second) {
      if (!stop.stop_requested()) results_.push({request, work[i].first->close(request)});
    }
    return {};
  };
  static_cast<void>(base::in_parallel(kChainsAtATime, work.size(), close_chain).has_value());
}

Result<bool> HourCloser::prepare(const std::vector<CloseRequest>& requests) {
  // Step 1.
  SDP_TRY(const log::TopicInfo now, log_.describe());
  if (now.id != topic_.id) return false;
  for (const CloseRequest& request : requests) {
    chains_.try_emplace(request.partition, store_, lake_, topic_)
        .first->second.expect_partitions(now.partitions);
  }
  // Step 2.
  for (const CloseRequest& request : requests) {
    if (request.partition != 0 || past_lives_closed_) continue;
    const auto closed = close_past_lives(request.through);
    past_lives_closed_ = closed && *closed;
    if (!closed) {
      log_event(
          "hours.past_postponed",
          {{"topic", topic_.name}, {"kind", name(closed.error().kind)}, {"message", closed.error().message}});
    }
  }
  return true;
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
