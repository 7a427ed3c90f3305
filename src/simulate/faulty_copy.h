#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/rng.h"
#include "simulate/simulated_record.h"

namespace sdp::simulate {

/// Spoils a copy of a valid event: gives `record`, whose event and key are set, another event id, and the
/// value, reason and field of the class, which is one that is rejected. What there is to choose, `rng`
/// chooses.
void spoil(SimulatedRecord& record, Fault fault, std::size_t value_bytes_max, Rng& rng);

/// What an event says besides its fields, or in another form.
struct Form {
  bool unknown_field = false;
  std::optional<std::chrono::microseconds> finer;  ///< of its time, beyond the millisecond
  int schema_version = 1;                          ///< from 2 on it has members that version 1 does not know
};

/// The event as JSON in that form; still valid.
void append_in_form(std::string& out, const event::ListeningEvent& event, const Form& form, Rng& rng);

}  // namespace sdp::simulate
