#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/listening_event.h"
#include "log/event_log.h"

namespace sdp::simulate {

/// Where the records of a simulation go: all to one producer, or those made of each type of event to one of
/// its own. The producers outlive it. Owned by one thread.
class Outlets {
 public:
  struct Outlet {
    log::Producer* producer = nullptr;
    std::string topic;  ///< empty: it goes to none
  };
  using ByType = std::array<Outlet, event::kEventTypes.size()>;

  explicit Outlets(log::Producer& all, const std::string& topic = {});
  explicit Outlets(ByType by_type);

  const Outlet& of(event::EventType type) const { return by_type_[std::to_underlying(type)]; }
  /// Each once.
  const std::vector<log::Producer*>& all() const { return all_; }

  /// Of all of them together.
  log::ProducerCounts counts() const;
  /// Of each, one after the other, within the timeout for each.
  Result<void> flush(std::chrono::milliseconds timeout) const;
  std::string first_failure() const;

 private:
  ByType by_type_;
  std::vector<log::Producer*> all_;
};

}  // namespace sdp::simulate
