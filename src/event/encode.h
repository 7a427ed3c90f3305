#pragma once

#include <string>

#include "event/listening_event.h"

namespace sdp::event {

/// Appends the event as one JSON object without white space: members in the order of the table, absent
/// optional ones left out. Texts must be valid UTF-8.
void append_json(std::string& out, const ListeningEvent& event);

}  // namespace sdp::event
