#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sdp::history {

/// The members of exports that are read, in the order of kPaths. Of anything else, such as `ip_addr`, nothing
/// is kept.
enum class Member : std::uint8_t {
  // Spotify's extended streaming history
  ts,  ///< eventsim, too
  username,
  platform,
  ms_played,
  conn_country,
  track,
  artist,
  track_uri,
  episode_name,
  episode_uri,
  audiobook_uri,
  reason_start,
  reason_end,
  skipped,
  // Spotify's account data
  end_time,
  account_artist,
  account_track,
  account_ms_played,
  podcast,
  account_episode,
  account_audiobook,
  // ListenBrainz
  listened_at,
  listen_artist,
  listen_track,
  listen_duration_ms,
  listen_duration,
  listen_spotify_id,
  listen_user,
  // Last.fm
  scrobble_uts,
  scrobble_date,
  scrobble_artist,
  scrobble_artist_name,
  scrobble_track,
  scrobble_now,
  scrobble_user,
  // eventsim; its `artist` is scrobble_artist_name's sibling at the top of the row
  page,
  sim_user,
  sim_session,
  sim_song,
  sim_artist,
  sim_length,
  sim_agent,
};

inline constexpr auto kPaths = std::to_array<std::string_view>({
    "ts",
    "username",
    "platform",
    "ms_played",
    "conn_country",
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "spotify_track_uri",
    "episode_name",
    "spotify_episode_uri",
    "audiobook_uri",
    "reason_start",
    "reason_end",
    "skipped",
    "endTime",
    "artistName",
    "trackName",
    "msPlayed",
    "podcastName",
    "episodeName",
    "audiobookName",
    "listened_at",
    "track_metadata.artist_name",
    "track_metadata.track_name",
    "track_metadata.additional_info.duration_ms",
    "track_metadata.additional_info.duration",
    "track_metadata.additional_info.spotify_id",
    "user_name",
    "date.uts",
    "date.#text",
    "artist.#text",
    "artist.name",
    "name",
    "@attr.nowplaying",
    "recenttracks.@attr.user",
    "page",
    "userId",
    "sessionId",
    "song",
    "artist",
    "length",
    "userAgent",
});
static_assert(kPaths.size() == std::to_underlying(Member::sim_agent) + 1);

constexpr std::string_view name(Member member) {
  return kPaths[std::to_underlying(member)];
}

/// A value as it stands in the row.
struct Value {
  enum class Kind : std::uint8_t { absent, null, text, integer, number, boolean, other };

  Kind kind = Kind::absent;
  /// Of a text, without quotes and escapes; of a boolean `true` or `false`; of a number how it was written.
  std::string text;
  std::int64_t integer = 0;
  double number = 0;

  /// Whether it is there at all; null is.
  bool is_there() const { return kind != Kind::absent; }
};

/// One row of an export: the members that are read. Of members with the same name the first counts.
class Row {
 public:
  const Value& operator[](Member member) const { return values_[std::to_underlying(member)]; }
  Value& operator[](Member member) { return values_[std::to_underlying(member)]; }
  /// The text of a member that is one and is not empty.
  std::optional<std::string_view> text(Member member) const {
    const Value& value = (*this)[member];
    if (value.kind != Value::Kind::text || value.text.empty()) return std::nullopt;
    return value.text;
  }
  bool has(Member member) const { return (*this)[member].is_there(); }

  /// Whether it can be read at all. Of one that cannot nothing else says anything.
  enum class Form : std::uint8_t {
    object,
    no_object,  ///< another element of the array
    no_json,    ///< a line that is none
    too_long,
    too_deep,
    too_many_cells,
  };
  Form form = Form::object;
  std::string detail;  ///< what is to be said of its form

 private:
  std::array<Value, kPaths.size()> values_;
};

}  // namespace sdp::history
