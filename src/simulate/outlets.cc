#include "simulate/outlets.h"

#include <algorithm>

namespace sdp::simulate {

Outlets::Outlets(log::Producer& all) : all_{&all} {
  by_type_.fill(&all);
}

Outlets::Outlets(const ByType& by_type) : by_type_(by_type) {
  for (log::Producer* const producer : by_type) {
    if (std::ranges::find(all_, producer) == all_.end()) all_.push_back(producer);
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
