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

/// Writes over what was there.
inline void encode_key(const event::ListeningEvent& event, std::string& out) {
  out.clear();
  base::append_uuid(out, event.user_id);
}

/// Writes both over what was there; the same object each time saves allocations.
inline void encode(const event::ListeningEvent& event, EncodedEvent& out) {
  encode_key(event, out.key);
  out.value.clear();
  event::append_json(out.value, event);
}

}  // namespace sdp::simulate
