#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "event/listening_event.h"
#include "history/row.h"

namespace sdp::history {

/// Whose export it is.
enum class Format : std::uint8_t { spotify, listenbrainz, lastfm, eventsim };
/// What a file has; Spotify gives two kinds.
enum class Kind : std::uint8_t { spotify_extended, spotify_account, listenbrainz, lastfm, eventsim };

std::string_view name(Format format);
std::string_view name(Kind kind);
Format format_of(Kind kind);

/// The kind of file that has such rows, by a member that no other kind has; nothing where there is none.
std::optional<Kind> kind_of(const Row& row);

/// Why a row is not an event. The names are printed and documented.
enum class Reason : std::uint8_t {
  // The person did something else than listening to music.
  episode,
  audiobook,
  now_playing,
  other_page,
  no_track,
  // The row is not what it must be.
  not_an_object,
  not_json,
  too_long,
  too_deep,
  too_many_cells,
  missing,
  not_text,
  bad_text,
  not_a_time,
  before_2000,
  in_the_future,
  bad_duration,
  bad_flag,
};
inline constexpr std::size_t kReasons = std::to_underlying(Reason::bad_flag) + 1;

std::string_view name(Reason reason);
/// Whether the row was skipped as something else than music, or refused as broken.
bool is_skipped(Reason reason);

/// Why a row is not an event, and by which member.
struct Fault {
  Reason reason = Reason::missing;
  std::string_view member;
  std::string shown;  ///< the value, cut, as a terminal may show it; empty where there is none

  bool operator==(const Fault&) const = default;
};

/// What a row says, before it has a number among rows that are equal.
struct Listening {
  UtcMillis began;
  UtcMillis stamped;  ///< the row's own time, which is that of its end where Spotify tells it
  std::optional<UtcMillis> skipped_at;
  std::optional<std::int64_t> heard_ms;  ///< of a track that was skipped
  std::optional<std::int64_t> length_ms;
  std::string song;
  std::string artist;
  std::optional<Uuid> song_id;  ///< by Spotify's own id
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
  std::string session;
  std::string user;  ///< of a format in which each row has one
  std::string row;   ///< all of the row that an event's id is made of
  /// The first title or name in which U+FFFD stands for half a character.
  std::optional<Fault> replaced;
};

struct Judged {
  std::optional<Listening> listening;
  Fault fault;  ///< where there is no listening
};

/// What becomes of a row of this kind. Pure. `latest`: what is later is in the future.
Judged judge(Kind kind, const Row& row, UtcMillis latest);

/// The account's name where a row tells it.
std::optional<std::string_view> account_of(const Row& row);

/// Whether a track ended by a person's own doing, as Spotify's `reason_end` says.
bool is_own_doing(std::string_view reason_end);
inline constexpr auto kOwnDoing = std::to_array<std::string_view>(
    {"fwdbtn", "backbtn", "clickrow", "clickside", "playbtn", "nextbtn", "prevbtn", "uriopen"});

/// Spotify's `platform` as one of the three device types.
event::DeviceType device_of(std::string_view platform);
/// A browser's `User-Agent`.
event::DeviceType device_of_agent(std::string_view agent);
/// Spotify's `conn_country`: GB stands as UK, and what are not two letters as kNowhere.
event::Country country_of(std::string_view code);
/// Spotify's own word for a country that is not known.
inline constexpr event::Country kNowhere{{'Z', 'Z'}};

/// uuid5(NAMESPACE_DNS, "listener:NAME")
Uuid user_id(std::string_view account);
/// uuid5(NAMESPACE_DNS, "spotify:track:ID") of a URI or address of a track; nothing of anything else.
std::optional<Uuid> track_id(std::string_view uri);

/// The events of a row: a play, and a skip where it was skipped. `number`: how many rows before it were
/// equal.
void append_events(Kind kind, const Listening& listening, const Uuid& user, std::uint32_t number,
                   std::vector<event::ListeningEvent>& events);

}  // namespace sdp::history
