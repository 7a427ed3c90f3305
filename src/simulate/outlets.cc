#include "simulate/outlets.h"

#include <algorithm>
#include <utility>

namespace sdp::simulate {

Outlets::Outlets(log::Producer& all, const std::string& topic) : all_{&all} {
  by_type_.fill({.producer = &all, .topic = topic});
}

Outlets::Outlets(ByType by_type) : by_type_(std::move(by_type)) {
  for (const Outlet& outlet : by_type_) {
    if (std::ranges::find(all_, outlet.producer) == all_.end()) all_.push_back(outlet.producer);
  }
}

log::ProducerCounts Outlets::counts() const {
  log::ProducerCounts sum;
  for (const log::Producer* const producer : all_) {
    const log::ProducerCounts one = producer->counts();
    sum.acked += one.acked;
    sum.failed += one.failed;
  }
  return sum;
}

Result<void> Outlets::flush(std::chrono::milliseconds timeout) const {
  Result<void> outcome;
  for (log::Producer* const producer : all_) {
    auto flushed = producer->flush(timeout);
    if (outcome) outcome = std::move(flushed);
  }
  return outcome;
}

std::string Outlets::first_failure() const {
  for (const log::Producer* const producer : all_) {
    if (auto failure = producer->first_failure(); !failure.empty()) return failure;
  }
  return {};
}

}  // namespace sdp::simulate
