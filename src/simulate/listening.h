#pragma once

#include <cstdint>
#include <string_view>

#include "event/catalogue.h"
#include "event/listening_event.h"

namespace sdp::simulate {

/// What somebody did, as the mixes with listeners say it.
struct Listening {
  Uuid event_id;
  event::EventType type = event::EventType::play;
  Uuid user;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
  std::int64_t at_ms = 0;  ///< UTC
  std::uint64_t session = 0;
  std::int64_t position_ms = 0;
  std::string_view app_version;
};

/// Writes every member of `event`; the same object each time saves allocations.
void write(const Listening& listening, const event::Song& song, event::ListeningEvent& event);

}  // namespace sdp::simulate
