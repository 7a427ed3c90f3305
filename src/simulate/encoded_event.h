#pragma once

#include <string>

#include "event/encode.h"

namespace sdp::simulate {

/// What a record has of an event: the listener's id, so that what they do keeps its order, and the event's
/// JSON.
struct EncodedEvent {
  std::string key;
  std::string value;
};

/// Writes both over what was there; the same object each time saves allocations.
inline void encode(const event::ListeningEvent& event, EncodedEvent& out) {
  out.key.clear();
  base::append_uuid(out.key, event.user_id);
  out.value.clear();
  event::append_json(out.value, event);
}

}  // namespace sdp::simulate
