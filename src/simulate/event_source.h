#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "event/listening_event.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// A stream of valid events with ascending timestamps, a pure function of its spec. Owned by one thread.
class EventSource {
 public:
  virtual ~EventSource() = default;

  /// Writes the next event over `event`; false when the spec's events or duration are used up. Handing in the
  /// same object each time saves allocations.
  bool next(event::ListeningEvent& event);

 protected:
  explicit EventSource(const SimulationSpec& spec);

 private:
  /// Writes every member, absent ones too.
  virtual void produce(event::ListeningEvent& event) = 0;

  std::uint64_t events_left_;
  UtcMillis end_;
};

/// The source of the spec's profile. `misconfigured` when a setting is out of its range.
Result<std::unique_ptr<EventSource>> open_source(const SimulationSpec& spec);

}  // namespace sdp::simulate
