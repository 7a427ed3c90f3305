#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <vector>

#include "log/event_log.h"

namespace sdp::log {

/// A broker, by the number that its cluster gave it.
using BrokerId = std::int32_t;

/// Which of the records that a consumer was given are known to be of the topic that it was opened on, and not
/// of one with the same name that was created since: those may continue at the old topic's positions without
/// any error. Pure.
///
/// A broker that gave a record is asked for the topic's id afterwards. Ids never come back, and a broker
/// knows of a topic before it gives its records, so that the old id in its answer speaks for all that it gave
/// before it was asked. No other broker's answer does: it may not have heard of the new topic yet.
///
/// Moments are counted in questions: a record has the number of those that were asked before it was
/// delivered, and the answer to the next one is the first that speaks for it.
class TopicWatch {
 public:
  using Moment = DeliveryMark;

  Moment now() const { return now_; }

  /// A record of the partition, given by the broker, is delivered.
  void received(Partition partition, BrokerId broker) {
    // Records come in runs.
    if (partition == last_partition_ && broker == last_broker_ && now_ == last_moment_) return;
    last_partition_ = partition;
    last_broker_ = broker;
    last_moment_ = now_;
    partitions_[partition][broker] = now_;
    brokers_.try_emplace(broker);
  }
  /// Something else was learnt of the partition by now, from whoever gave its records.
  void learnt(Partition partition) {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return;
    for (Moment& moment : found->second | std::views::values) moment = now_;
  }
  /// What was delivered of the partition is not asked about any more.
  void forget(Partition partition) {
    partitions_.erase(partition);
    last_partition_ = -1;
  }

  /// Whether all that was delivered of the partition up to the moment is of the topic.
  bool is_sure(Partition partition, Moment until) const {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return true;
    return std::ranges::all_of(found->second, [&](const auto& given) {
      return brokers_.at(given.first).sure_before > std::min(given.second, until);
    });
  }
  /// The brokers that gave something of which that is not known, and are not being asked.
  std::vector<BrokerId> to_be_asked() const {
    std::vector<BrokerId> brokers;
    for (const auto& [id, broker] : brokers_) {
      if (!broker.asked && is_unsure(id)) brokers.push_back(id);
    }
    return brokers;
  }

  /// The broker is asked now. Once at a time.
  void asked(BrokerId broker) { brokers_[broker].asked = ++now_; }
  /// `same`: whether it still has the id; nothing when it did not tell.
  void answered(BrokerId broker, bool same) {
    Broker& from = brokers_[broker];
    if (same && from.asked) from.sure_before = std::max(from.sure_before, *from.asked);
    from.asked.reset();
  }

 private:
  struct Broker {
    Moment sure_before = 0;  ///< what it gave at an earlier moment is of the topic
    std::optional<Moment> asked{};
  };

  bool is_unsure(BrokerId broker) const {
    return std::ranges::any_of(partitions_ | std::views::values, [&](const auto& given) {
      const auto found = given.find(broker);
      return found != given.end() && found->second >= brokers_.at(broker).sure_before;
    });
  }

  Moment now_ = 1;
  std::map<Partition, std::map<BrokerId, Moment>> partitions_;  ///< when each broker gave its last record
  std::map<BrokerId, Broker> brokers_;
  Partition last_partition_ = -1;
  BrokerId last_broker_ = -1;
  Moment last_moment_ = 0;
};

}  // namespace sdp::log
