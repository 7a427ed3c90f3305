#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "event/listening_event.h"
#include "simulate/encoded_event.h"
#include "simulate/simulation_spec.h"

namespace sdp::simulate {

/// A stream of valid events, made up or read from somewhere. Owned by one thread.
class EventSource {
 public:
  virtual ~EventSource() = default;

  /// Writes the next event over `event`; false when there are no more. Handing in the same object each time
  /// saves allocations.
  virtual bool next(event::ListeningEvent& event) = 0;
  /// Why there are no more: an error where that is not the end.
  virtual Result<void> ended() const { return {}; }
  /// What the event that next() wrote last is as a record, where that is at hand: until the next call, and
  /// for whoever wants to take it. Nothing: it is still to be encoded.
  virtual EncodedEvent* encoded() { return nullptr; }
};

/// Made-up events with ascending timestamps, a pure function of their spec.
class SimulatedSource : public EventSource {
 public:
  /// False when the spec's events or duration are used up.
  bool next(event::ListeningEvent& event) final;

 protected:
  explicit SimulatedSource(const SimulationSpec& spec);

 private:
  /// Writes every member, absent ones too.
  virtual void produce(event::ListeningEvent& event) = 0;

  std::uint64_t events_left_;
  UtcMillis end_;
};

/// The source of the spec's profile. `misconfigured` when a setting is out of its range.
Result<std::unique_ptr<EventSource>> open_source(const SimulationSpec& spec);

}  // namespace sdp::simulate
