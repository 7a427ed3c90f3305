#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "event/listening_event.h"
#include "simulate/fault_classes.h"
#include "simulate/oracle.h"

namespace sdp::simulate {

/// A record as it is sent, and what must become of it.
struct SimulatedRecord {
  /// What the record says; where it is rejected, the event that it was made of, by another id.
  event::ListeningEvent event;
  /// Of the source's event that it is or is made of, whatever it says: where there is a topic for each type,
  /// records of one event id share one.
  event::EventType source_type = event::EventType::play;
  std::string key;                   ///< the listener's id, so that what they do keeps its order
  std::optional<std::string> value;  ///< nothing is a tombstone
  /// When it is sent, in event time. Not the time that it says where that is wrong or long ago.
  UtcMillis due{};
  Fate fate = Fate::kept;
  /// Empty: as the source made it. Several only where it is kept.
  std::vector<Fault> faults;
  /// Where it is rejected: that of the first fault, and the field that has it.
  std::string_view reason;
  std::string_view field;
  std::chrono::microseconds finer{0};  ///< what the value says of its time beyond the millisecond
  bool has_event_id = true;            ///< a reader of the value finds the event's id in it
};

/// What must become of the record.
void tell(Oracle& oracle, const SimulatedRecord& record);

/// A line of the side file (docs/formats/faults.md) for each fault of the record, which is number `sequence`
/// of its run, from 0. Each line is without its end, which says where the log has it: PlacedLabels. No name
/// of a topic: it goes to none.
std::string label_heads(const SimulatedRecord& record, std::uint64_t sequence, std::string_view topic);

/// The same of a record in a transaction that was aborted; it was sent again as number `sequence`.
std::string aborted_head(const SimulatedRecord& record, std::uint64_t sequence, std::string_view topic);

}  // namespace sdp::simulate
