#pragma once

#include <string>

#include "event/encode.h"

namespace sdp::support {

/// An event as the JSON text that a producer sends.
inline std::string to_json(const event::ListeningEvent& event) {
  std::string text;
  append_json(text, event);
  return text;
}

}  // namespace sdp::support
