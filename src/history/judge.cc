#include "history/judge.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "base/terminal_text.h"
#include "base/utc_time.h"
#include "event/catalogue.h"
#include "event/rfc3339.h"

namespace sdp::history {
namespace {

using std::chrono::milliseconds;

constexpr UtcMillis kEarliest = std::chrono::sys_days(std::chrono::year(event::kYearMin) / 1 / 1);
/// Nothing that anybody listens to is longer than a day.
constexpr std::int64_t kHeardMax = 24LL * 60 * 60 * 1'000;
/// Titles and names are bounded by a row; this is what no real one comes near.
constexpr std::size_t kTextMax = 4'096;
constexpr std::size_t kShownMax = 40;
constexpr std::size_t kDetailMax = 160;
constexpr char kBetween = '\x1f';

std::string cut(std::string_view text, std::size_t max) {
  return base::escaped(text.substr(0, max)) + (text.size() > max ? "..." : "");
}

std::string shown(const Value& value) {
  switch (value.kind) {
    case Value::Kind::text:
    case Value::Kind::boolean:
    case Value::Kind::number:
      return cut(value.text, kShownMax);
    case Value::Kind::integer:
      return std::to_string(value.integer);
    case Value::Kind::null:
      return "null";
    case Value::Kind::absent:
    case Value::Kind::other:
      break;
  }
  return {};
}

std::string_view text_of(const Row& row, Member member) {
  return row.text(member).value_or(std::string_view());
}

/// Also of a value that is wrong: nobody takes it for one that is not there.
bool has_text(const Row& row, Member member) {
  const Value& value = row[member];
  const bool is_empty = value.kind == Value::Kind::text && value.text.empty();
  return value.is_there() && value.kind != Value::Kind::null && !is_empty;
}

/// Puts U+FFFD for each half of a surrogate pair, as whoever cuts a text between the two leaves them; in
/// UTF-8 both have three bytes.
void replace_halves(std::string& text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const auto is_within = [](char c, unsigned first, unsigned last) {
    return static_cast<unsigned char>(c) >= first && static_cast<unsigned char>(c) <= last;
  };
  for (std::size_t at = 0; at + 2 < text.size(); ++at) {
    if (text[at] == '\xED' && is_within(text[at + 1], 0xA0, 0xBF) && is_within(text[at + 2], 0x80, 0xBF))
      text.replace(at, kReplacement.size(), kReplacement);
  }
}

/// Reads the members of one row; the first that is wrong is told.
class Reading {
 public:
  Reading(const Row& row, UtcMillis latest) : row_(row), latest_(latest) {}

  /// Titles and names.
  std::string text(Member member) {
    const Value& value = row_[member];
    if (!value.is_there() || value.kind == Value::Kind::null) return wrong(Reason::missing, member);
    if (value.kind != Value::Kind::text) return wrong(Reason::not_text, member);
    if (value.text.empty()) return wrong(Reason::missing, member);
    if (value.text.size() > kTextMax || value.text.contains('\0')) return wrong(Reason::bad_text, member);
    if (base::is_utf8(value.text)) return value.text;
    std::string replaced = value.text;
    replace_halves(replaced);
    if (!base::is_utf8(replaced)) return wrong(Reason::bad_text, member);
    if (!replaced_) {
      replaced_ =
          Fault{.reason = Reason::bad_text, .member = name(member), .shown = cut(replaced, kShownMax)};
    }
    return replaced;
  }
  /// What is true or false. Programs that write tables write it as text or as a number, too.
  bool flag(Member member) {
    const Value& value = row_[member];
    const std::string word = base::lower(value.text);
    if (!has_text(row_, member) || word == "false") return false;
    if (word == "true") return true;
    if (value.kind == Value::Kind::integer && (value.integer == 0 || value.integer == 1))
      return value.integer == 1;
    wrong(Reason::bad_flag, member);
    return false;
  }
  /// A moment of 2000 up to now.
  UtcMillis time(Member member, std::optional<UtcMillis> read) {
    if (!read) {
      const bool is_missing = !row_.has(member) || row_[member].kind == Value::Kind::null;
      wrong(is_missing ? Reason::missing : Reason::not_a_time, member);
      return {};
    }
    check_time(member, *read);
    return *read;
  }
  void check_time(Member member, UtcMillis time) {
    if (time < kEarliest) wrong(Reason::before_2000, member);
    if (time > latest_) wrong(Reason::in_the_future, member);
  }
  std::int64_t duration(Member member) {
    const Value& value = row_[member];
    if (!value.is_there() || value.kind == Value::Kind::null) {
      wrong(Reason::missing, member);
    } else if (value.kind != Value::Kind::integer || value.integer < 0 || value.integer > kHeardMax) {
      wrong(Reason::bad_duration, member);
    } else {
      return value.integer;
    }
    return 0;
  }
  std::string wrong(Reason reason, Member member) {
    if (!fault_) fault_ = Fault{.reason = reason, .member = name(member), .shown = shown(row_[member])};
    return {};
  }

  Judged judged(Listening listening) && {
    if (fault_) return {.listening = std::nullopt, .fault = *std::move(fault_)};
    listening.replaced = std::move(replaced_);
    return {.listening = std::move(listening), .fault = {}};
  }

 private:
  const Row& row_;
  const UtcMillis latest_;
  std::optional<Fault> fault_;
  std::optional<Fault> replaced_;
};

Judged no_event(Reason reason, Member member) {
  return {.listening = std::nullopt, .fault = {.reason = reason, .member = name(member), .shown = {}}};
}

/// Seconds or milliseconds since 1970, as a number or as digits, far from what would overflow.
std::optional<UtcMillis> since_1970(const Value& value, std::int64_t ms_per_unit) {
  std::int64_t units = value.integer;
  if (value.kind == Value::Kind::text) {
    const char* const end = value.text.data() + value.text.size();
    const auto [at, error] = std::from_chars(value.text.data(), end, units);
    const std::string_view rest(at, end);
    // Programs that write tables make 5.0 of 5.
    if (error != std::errc() || (!rest.empty() && rest != ".0")) return std::nullopt;
  } else if (value.kind != Value::Kind::integer) {
    return std::nullopt;
  }
  constexpr std::int64_t kMsMax = 1'000'000'000'000'000;
  if (units > kMsMax / ms_per_unit || units < -kMsMax / ms_per_unit) return std::nullopt;
  return UtcMillis(milliseconds(units * ms_per_unit));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || text.empty() || text[0] == '-') return std::nullopt;
  return value;
}

std::optional<UtcMillis> moment(std::chrono::year_month_day day, std::string_view clock) {
  if (!day.ok() || clock.size() != 5 || clock[2] != ':') return std::nullopt;
  const auto hour = number(clock.substr(0, 2));
  const auto minute = number(clock.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

/// `2023-05-04 12:34` of Spotify's account data.
std::optional<UtcMillis> minute_of_account(std::string_view text) {
  if (text.size() != 16 || text[4] != '-' || text[7] != '-' || text[10] != ' ') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  return moment(std::chrono::year(*year) / *month / *day, text.substr(11));
}

/// `04 May 2023 12:34`, also with a comma behind the year, of Last.fm.
std::optional<UtcMillis> minute_of_scrobble(std::string_view text) {
  constexpr auto kMonths = std::to_array<std::string_view>(
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  std::string plain(text);
  std::erase(plain, ',');
  const std::string_view all(plain);
  const std::size_t first = all.find(' ');
  if (first != 1 && first != 2) return std::nullopt;
  const std::string_view rest = all.substr(first + 1);
  if (rest.size() != 14 || rest[3] != ' ' || rest[8] != ' ') return std::nullopt;
  const auto day = number(all.substr(0, first));
  const auto year = number(rest.substr(4, 4));
  const auto month = std::ranges::find(kMonths, rest.substr(0, 3));
  if (!day || !year || month == kMonths.end()) return std::nullopt;
  return moment(std::chrono::year(*year) / static_cast<int>(month - kMonths.begin() + 1) / *day,
                rest.substr(9));
}

template <typename... Parts>
std::string joined(const Parts&... parts) {
  std::string out;
  ((out += parts, out.push_back(kBetween)), ...);
  return out;
}

Judged judge_extended(const Row& row, UtcMillis latest) {
  if (!has_text(row, Member::track)) {
    if (has_text(row, Member::episode_uri)) return no_event(Reason::episode, Member::episode_uri);
    if (has_text(row, Member::episode_name)) return no_event(Reason::episode, Member::episode_name);
    if (has_text(row, Member::audiobook_uri)) return no_event(Reason::audiobook, Member::audiobook_uri);
    if (!has_text(row, Member::track_uri)) return no_event(Reason::no_track, Member::track);
  }
  Reading reading(row, latest);
  const UtcMillis stopped = reading.time(Member::ts, event::parse_rfc3339(text_of(row, Member::ts)));
  const std::int64_t heard = reading.duration(Member::ms_played);
  Listening listening;
  listening.stamped = stopped;
  listening.began = stopped - milliseconds(heard);
  reading.check_time(Member::ms_played, listening.began);
  listening.song = reading.text(Member::track);
  listening.artist = reading.text(Member::artist);
  listening.song_id = track_id(text_of(row, Member::track_uri));
  listening.device = device_of(text_of(row, Member::platform));
  listening.country = country_of(text_of(row, Member::conn_country));
  const std::string_view reason_end = text_of(row, Member::reason_end);
  const bool is_skip = reading.flag(Member::skipped) || is_own_doing(reason_end);
  if (is_skip) {
    listening.skipped_at = stopped;
    listening.heard_ms = heard;
  } else if (reason_end == "trackdone" && heard > 0) {
    listening.length_ms = heard;
  }
  listening.row = joined(base::format_iso(stopped), std::to_string(heard), listening.song, listening.artist,
                         text_of(row, Member::track_uri), text_of(row, Member::platform),
                         text_of(row, Member::conn_country), text_of(row, Member::reason_start), reason_end,
                         std::string_view(is_skip ? "skip" : ""));
  return std::move(reading).judged(std::move(listening));
}

Judged judge_account(const Row& row, UtcMillis latest) {
  if (row.has(Member::podcast) || row.has(Member::account_episode))
    return no_event(Reason::episode, Member::account_episode);
  if (row.has(Member::account_audiobook)) return no_event(Reason::audiobook, Member::account_audiobook);
  Reading reading(row, latest);
  const UtcMillis stopped = reading.time(Member::end_time, minute_of_account(text_of(row, Member::end_time)));
  const std::int64_t heard = reading.duration(Member::account_ms_played);
  Listening listening;
  listening.stamped = stopped;
  listening.began = stopped - milliseconds(heard);
  reading.check_time(Member::account_ms_played, listening.began);
  listening.song = reading.text(Member::account_track);
  listening.artist = reading.text(Member::account_artist);
  listening.country = kNowhere;
  listening.row = joined(base::format_iso(stopped), std::to_string(heard), listening.song, listening.artist);
  return std::move(reading).judged(std::move(listening));
}

/// A length that is wrong says nothing, and is no reason to refuse a row.
std::optional<std::int64_t> length(const Value& value, std::int64_t ms_per_unit) {
  const bool is_number = value.kind == Value::Kind::integer || value.kind == Value::Kind::number;
  if (!is_number || !(value.number > 0)) return std::nullopt;
  const double ms = std::round(value.number * static_cast<double>(ms_per_unit));
  if (!(ms <= static_cast<double>(kHeardMax))) return std::nullopt;
  return static_cast<std::int64_t>(ms);
}

Judged judge_listen(const Row& row, UtcMillis latest) {
  Reading reading(row, latest);
  Listening listening;
  listening.began = reading.time(Member::listened_at, since_1970(row[Member::listened_at], 1'000));
  listening.song = reading.text(Member::listen_track);
  listening.artist = reading.text(Member::listen_artist);
  listening.song_id = track_id(text_of(row, Member::listen_spotify_id));
  listening.length_ms = length(row[Member::listen_duration_ms], 1);
  if (!listening.length_ms) listening.length_ms = length(row[Member::listen_duration], 1'000);
  listening.country = kNowhere;
  listening.stamped = listening.began;
  listening.row = joined(base::format_iso(listening.began), listening.song, listening.artist,
                         text_of(row, Member::listen_spotify_id));
  return std::move(reading).judged(std::move(listening));
}

Judged judge_scrobble(const Row& row, UtcMillis latest) {
  if (row[Member::scrobble_now].text == "true") return no_event(Reason::now_playing, Member::scrobble_now);
  Reading reading(row, latest);
  Listening listening;
  if (row.has(Member::scrobble_uts)) {
    listening.began = reading.time(Member::scrobble_uts, since_1970(row[Member::scrobble_uts], 1'000));
  } else {
    listening.began =
        reading.time(Member::scrobble_date, minute_of_scrobble(text_of(row, Member::scrobble_date)));
  }
  listening.song = reading.text(Member::scrobble_track);
  listening.artist = reading.text(row.has(Member::scrobble_artist_name) ? Member::scrobble_artist_name
                                                                        : Member::scrobble_artist);
  listening.country = kNowhere;
  listening.stamped = listening.began;
  listening.row = joined(base::format_iso(listening.began), listening.song, listening.artist);
  return std::move(reading).judged(std::move(listening));
}

std::string plain_text(const Value& value) {
  if (value.kind == Value::Kind::integer) return std::to_string(value.integer);
  return value.kind == Value::Kind::text ? value.text : std::string();
}

Judged judge_eventsim(const Row& row, UtcMillis latest) {
  if (text_of(row, Member::page) != "NextSong") return no_event(Reason::other_page, Member::page);
  Reading reading(row, latest);
  Listening listening;
  listening.began = reading.time(Member::ts, since_1970(row[Member::ts], 1));
  listening.song = reading.text(Member::sim_song);
  listening.artist = reading.text(Member::sim_artist);
  listening.length_ms = length(row[Member::sim_length], 1'000);
  listening.user = plain_text(row[Member::sim_user]);
  if (listening.user.empty()) reading.wrong(Reason::missing, Member::sim_user);
  listening.session = plain_text(row[Member::sim_session]);
  if (!listening.session.empty() && row[Member::sim_session].kind == Value::Kind::text)
    listening.session = reading.text(Member::sim_session);
  listening.device = device_of_agent(text_of(row, Member::sim_agent));
  listening.country = {{'U', 'S'}};
  listening.stamped = listening.began;
  listening.row = joined(base::format_iso(listening.began), listening.user, listening.session, listening.song,
                         listening.artist);
  return std::move(reading).judged(std::move(listening));
}

Reason reason_of(Row::Form form) {
  switch (form) {
    case Row::Form::object:
    case Row::Form::no_object:
      return Reason::not_an_object;
    case Row::Form::no_json:
      return Reason::not_json;
    case Row::Form::too_long:
      return Reason::too_long;
    case Row::Form::too_deep:
      return Reason::too_deep;
    case Row::Form::too_many_cells:
      return Reason::too_many_cells;
  }
  std::unreachable();
}

struct Device {
  std::string_view word;
  event::DeviceType type;
};

/// The first word that a platform contains decides. Order: what runs in a browser; what stands in a room or
/// is built into a car, whatever system it runs; what is carried; what stands on a desk.
constexpr auto kDevices = std::to_array<Device>({
    {"web_player", event::DeviceType::web},    {"webplayer", event::DeviceType::web},
    {"carthing", event::DeviceType::mobile},   {"car_", event::DeviceType::mobile},
    {"automotive", event::DeviceType::mobile}, {"tesla", event::DeviceType::mobile},
    {"bmw", event::DeviceType::mobile},        {"watch", event::DeviceType::mobile},
    {"garmin", event::DeviceType::mobile},     {"wear", event::DeviceType::mobile},
    {"tv", event::DeviceType::desktop},        {"partner", event::DeviceType::desktop},
    {"cast", event::DeviceType::desktop},      {"playstation", event::DeviceType::desktop},
    {"ps3", event::DeviceType::desktop},       {"ps4", event::DeviceType::desktop},
    {"ps5", event::DeviceType::desktop},       {"xbox", event::DeviceType::desktop},
    {"sonos", event::DeviceType::desktop},     {"speaker", event::DeviceType::desktop},
    {"echo", event::DeviceType::desktop},      {"android", event::DeviceType::mobile},
    {"ios", event::DeviceType::mobile},        {"iphone", event::DeviceType::mobile},
    {"ipad", event::DeviceType::mobile},       {"windows phone", event::DeviceType::mobile},
    {"blackberry", event::DeviceType::mobile}, {"windows", event::DeviceType::desktop},
    {"os x", event::DeviceType::desktop},      {"osx", event::DeviceType::desktop},
    {"macos", event::DeviceType::desktop},     {"linux", event::DeviceType::desktop},
    {"chromeos", event::DeviceType::desktop},
});

}  // namespace

std::string_view name(Format format) {
  constexpr auto kNames = std::to_array<std::string_view>({"spotify", "listenbrainz", "lastfm", "eventsim"});
  return kNames[std::to_underlying(format)];
}

std::string_view name(Kind kind) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"spotify extended history", "spotify account data", "listenbrainz", "lastfm", "eventsim"});
  return kNames[std::to_underlying(kind)];
}

Format format_of(Kind kind) {
  switch (kind) {
    case Kind::spotify_extended:
    case Kind::spotify_account:
      return Format::spotify;
    case Kind::listenbrainz:
      return Format::listenbrainz;
    case Kind::lastfm:
      return Format::lastfm;
    case Kind::eventsim:
      return Format::eventsim;
  }
  std::unreachable();
}

std::optional<Kind> kind_of(const Row& row) {
  const auto has_any = [&](std::initializer_list<Member> members) {
    return std::ranges::any_of(members, [&](Member member) { return row.has(member); });
  };
  using enum Member;
  if (has_any({ms_played, conn_country, track, track_uri})) return Kind::spotify_extended;
  if (has_any({end_time, account_ms_played, account_track})) return Kind::spotify_account;
  if (has_any({listened_at, listen_track, listen_artist})) return Kind::listenbrainz;
  if (has_any({page, sim_song})) return Kind::eventsim;
  if (has_any({scrobble_uts, scrobble_date, scrobble_artist, scrobble_artist_name, scrobble_now}))
    return Kind::lastfm;
  return std::nullopt;
}

std::string_view name(Reason reason) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"episode", "audiobook", "now_playing", "other_page", "no_track", "not_an_object", "not_json",
       "too_long", "too_deep", "too_many_cells", "missing", "not_text", "bad_text", "not_a_time",
       "before_2000", "in_the_future", "bad_duration", "bad_flag"});
  static_assert(kNames.size() == kReasons);
  return kNames[std::to_underlying(reason)];
}

bool is_skipped(Reason reason) {
  return reason <= Reason::no_track;
}

Judged judge(Kind kind, const Row& row, UtcMillis latest) {
  if (row.form != Row::Form::object) {
    return {.listening = std::nullopt,
            .fault = {.reason = reason_of(row.form), .member = {}, .shown = cut(row.detail, kDetailMax)}};
  }
  switch (kind) {
    case Kind::spotify_extended:
      return judge_extended(row, latest);
    case Kind::spotify_account:
      return judge_account(row, latest);
    case Kind::listenbrainz:
      return judge_listen(row, latest);
    case Kind::lastfm:
      return judge_scrobble(row, latest);
    case Kind::eventsim:
      return judge_eventsim(row, latest);
  }
  std::unreachable();
}

std::optional<std::string_view> account_of(const Row& row) {
  for (const Member member : {Member::username, Member::listen_user, Member::scrobble_user}) {
    if (const auto account = row.text(member)) return account;
  }
  return std::nullopt;
}

bool is_own_doing(std::string_view reason_end) {
  return std::ranges::find(kOwnDoing, reason_end) != kOwnDoing.end();
}

event::DeviceType device_of(std::string_view platform) {
  const std::string text = base::lower(platform);
  const auto at =
      std::ranges::find_if(kDevices, [&](const Device& device) { return text.contains(device.word); });
  return at == kDevices.end() ? event::DeviceType::mobile : at->type;
}

event::DeviceType device_of_agent(std::string_view agent) {
  const std::string text = base::lower(agent);
  for (const std::string_view word : {"mobile", "iphone", "ipad", "android"}) {
    if (text.contains(word)) return event::DeviceType::mobile;
  }
  return event::DeviceType::web;
}

event::Country country_of(std::string_view code) {
  if (code.size() != 2) return kNowhere;
  if (code == "GB") return {{'U', 'K'}};
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  return std::ranges::all_of(code, is_letter) ? event::Country{{code[0], code[1]}} : kNowhere;
}

Uuid user_id(std::string_view account) {
  return base::uuid5(base::kNamespaceDns, fmt::format("listener:{}", account));
}

std::optional<Uuid> track_id(std::string_view uri) {
  constexpr std::string_view kUri = "spotify:track:";
  for (const std::string_view begin : {kUri, std::string_view("https://open.spotify.com/track/"),
                                       std::string_view("http://open.spotify.com/track/")}) {
    if (!uri.starts_with(begin)) continue;
    const std::string_view id = uri.substr(begin.size(), uri.find('?') - begin.size());
    const auto is_of_base62 = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (id.size() != 22 || !std::ranges::all_of(id, is_of_base62)) return std::nullopt;
    return base::uuid5(base::kNamespaceDns, fmt::format("{}{}", kUri, id));
  }
  return std::nullopt;
}

void append_events(Kind kind, const Listening& listening, const Uuid& user, std::uint32_t number,
                   std::vector<event::ListeningEvent>& events) {
  const std::string of_row = joined(name(kind), base::to_string(user), listening.row, std::to_string(number));
  event::ListeningEvent event;
  event.event_id = base::uuid5(base::kNamespaceDns, of_row + "play");
  event.event_type = event::EventType::play;
  event.user_id = user;
  event.song_id = listening.song_id.value_or(event::song_id(listening.artist, listening.song));
  event.song_name = listening.song;
  event.artist_name = listening.artist;
  event.device_type = listening.device;
  event.country = listening.country;
  event.timestamp = listening.began;
  if (!listening.session.empty()) event.session_id = listening.session;
  event.duration_ms = listening.length_ms;
  event.schema_version = 1;
  events.push_back(event);
  if (!listening.skipped_at) return;
  event.event_id = base::uuid5(base::kNamespaceDns, of_row + "skip");
  event.event_type = event::EventType::skip;
  event.timestamp = *listening.skipped_at;
  event.position_ms = listening.heard_ms;
  events.push_back(std::move(event));
}

}  // namespace sdp::history
