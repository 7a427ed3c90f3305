#include "simulate/listening.h"

#include <chrono>

namespace sdp::simulate {
namespace {

void assign_hex(std::optional<std::string>& out, std::uint64_t value) {
  if (!out) out.emplace();
  out->resize(16);
  for (char& digit : *out) {
    digit = "0123456789abcdef"[value >> 60];
    value <<= 4;
  }
}

}  // namespace

void write(const Listening& listening, const event::Song& song, event::ListeningEvent& event) {
  event.event_id = listening.event_id;
  event.event_type = listening.type;
  event.user_id = listening.user;
  event.song_id = song.id;
  event.song_name = song.name;
  event.artist_name = song.artist;
  event.device_type = listening.device;
  event.country = listening.country;
  event.timestamp = UtcMillis(std::chrono::milliseconds(listening.at_ms));
  assign_hex(event.session_id, listening.session);
  event.position_ms = listening.position_ms;
  event.duration_ms = song.duration_ms;
  if (!event.app_version) event.app_version.emplace();
  *event.app_version = listening.app_version;
  event.schema_version = 1;
}

}  // namespace sdp::simulate
