#include "simulate/oracle_marts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>

#include "base/uuid.h"
#include "simulate/habits.h"

namespace sdp::simulate {
namespace {

using event::DeviceType;
using event::EventType;

constexpr std::int64_t kStreamMs = 30'000;
constexpr std::int64_t kSessionGapMs = 30 * 60'000;
constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

std::int32_t day_of(const Fact& fact) {
  return static_cast<std::int32_t>(fact.at_ms() / kDayMs);
}

std::int32_t hour_of(const Fact& fact) {
  return static_cast<std::int32_t>(fact.at_ms() / kHourMs);
}

std::int32_t year_of(std::int32_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return static_cast<int>(date.year());
}

/// What was heard of a play.
struct Heard {
  std::optional<std::int64_t> ms;
  bool is_stream = false;
  bool is_completed = false;
};

/// Its session's next event that is not add_to_playlist is `end`; there may be none.
Heard heard_of(const Fact& play, const Fact* end, bool same_song) {
  const std::int64_t begin = std::max<std::int64_t>(play.position_ms, 0);
  const bool tells = end != nullptr && end->type != EventType::play && same_song && end->position_ms >= 0;
  const std::int64_t until = tells ? end->position_ms : play.duration_ms;
  if (until < 0) return {};
  const std::int64_t passed = end != nullptr ? end->at_ms() - play.at_ms() : kDayMs - play.at_ms() % kDayMs;
  const std::int64_t heard = std::min(std::max<std::int64_t>(until - begin, 0), passed);
  return {.ms = heard,
          .is_stream = begin < kStreamMs && begin + heard >= kStreamMs,
          .is_completed = play.duration_ms >= 0 && begin + heard >= play.duration_ms};
}

void count(Totals& totals, const Fact& fact, const Heard& heard) {
  ++totals.events;
  ++totals.by_type[std::to_underlying(fact.type)];
  totals.streams += heard.is_stream;
  totals.completions += heard.is_completed;
  totals.heard_ms += heard.ms.value_or(0);
}

struct MixedHash {
  std::size_t operator()(std::uint64_t key) const {
    key *= 0x9e3779b97f4a7c15ULL;
    return key ^ key >> 32;
  }
};

/// Where the row of a song, artist or hour of one day is. What happened to it is counted listener by
/// listener, so that the last one is enough to count different ones.
struct RowPlace {
  std::uint32_t row = kNobody;
  std::uint32_t last_listener = kNobody;
};

template <typename Row>
void count(Row& row, RowPlace& place, const Fact& fact, const Heard& heard) {
  count(row.totals, fact, heard);
  row.listeners += std::exchange(place.last_listener, fact.listener) != fact.listener;
}

constexpr std::uint64_t key_of(std::int32_t time, std::uint32_t number) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(time)) << 32 | number;
}

/// For each number of `list` its place in ascending order.
template <typename T>
std::vector<std::uint32_t> ranks(const std::vector<T>& list) {
  std::vector<std::uint32_t> order(list.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t number) -> const T& { return list[number]; });
  std::vector<std::uint32_t> ranks(list.size());
  for (std::uint32_t place = 0; place < order.size(); ++place) ranks[order[place]] = place;
  return ranks;
}

/// The numbers of facts, day by day.
class ByDay {
 public:
  explicit ByDay(const std::vector<Fact>& facts) : numbers_(facts.size()) {
    if (facts.empty()) return;
    const auto [first, last] = std::ranges::minmax(facts | std::views::transform(day_of));
    first_ = first;
    begins_.resize(static_cast<std::size_t>(last - first) + 2);
    for (const Fact& fact : facts) ++begins_[place_of(fact) + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (std::uint32_t i = 0; i < numbers_.size(); ++i) numbers_[next[place_of(facts[i])]++] = i;
  }

  std::size_t days() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  std::int32_t day(std::size_t place) const { return first_ + static_cast<std::int32_t>(place); }
  std::span<const std::uint32_t> facts(std::size_t place) const {
    return std::span(numbers_).subspan(begins_[place], begins_[place + 1] - begins_[place]);
  }

 private:
  std::size_t place_of(const Fact& fact) const { return static_cast<std::size_t>(day_of(fact) - first_); }

  std::int32_t first_ = 0;
  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> numbers_;
};

/// Takes the first turns that belong together off `turns`.
template <typename T, typename Same>
std::span<const T> take_group(std::span<const T>& turns, const Same& same) {
  const auto end = std::ranges::find_if_not(turns, [&](const T& turn) { return same(turns.front(), turn); });
  const auto group = turns.first(static_cast<std::size_t>(end - turns.begin()));
  turns = turns.subspan(group.size());
  return group;
}

class Counting {
 public:
  explicit Counting(const Oracle& oracle)
      : oracle_(oracle),
        listener_ranks_(ranks(oracle.listeners())),
        song_ranks_(ranks(oracle.songs())),
        artist_ranks_(ranks(oracle.artists())),
        artists_of_song_(oracle.songs().size(), kNobody),
        has_several_artists_(oracle.songs().size()),
        song_places_(oracle.songs().size()),
        artist_places_(oracle.artists().size()),
        latest_(oracle.listeners().size()),
        skips_(kSkipLast / kSkipStep + 1) {
    for (const Spelling& spelling : oracle_.spellings()) {
      std::uint32_t& artist = artists_of_song_[spelling.song];
      if (artist != kNobody && artist != spelling.artist) has_several_artists_[spelling.song] = true;
      artist = spelling.artist;
    }
  }

  Result<Marts> run(const NewestRecord& newest) {
    const ByDay by_day(oracle_.facts());
    for (std::size_t place = 0; place < by_day.days(); ++place)
      SDP_RETURN_IF_ERROR(one_day(by_day.day(place), by_day.facts(place)));
    history();
    years();
    sort_rows();
    weekdays();
    listening_years();
    skip_curve();
    windows(newest);
    return std::move(marts_);
  }

 private:
  /// A fact of one day, in the order of listeners, sessions and time.
  struct Turn {
    std::uint32_t listener = 0;
    std::uint32_t session = 0;
    std::int64_t at_us = 0;
    std::uint32_t fact = 0;

    auto operator<=>(const Turn&) const = default;
  };

  const Fact& fact_of(const Turn& turn) const { return oracle_.facts()[turn.fact]; }
  const Spelling& spelling_of(const Fact& fact) const { return oracle_.spellings()[fact.spelling]; }

  Result<void> one_day(std::int32_t day, std::span<const std::uint32_t> facts) {
    day_ = day;
    turns_.clear();
    for (const std::uint32_t number : facts) {
      const Fact& fact = oracle_.facts()[number];
      turns_.push_back({fact.listener, fact.session, fact.at_us, number});
    }
    std::ranges::sort(turns_);
    hour_places_.clear();
    artist_songs_.clear();
    const std::size_t songs_before = marts_.song_daily.size();
    const auto same_listener = [](const Turn& a, const Turn& b) { return a.listener == b.listener; };
    const auto same_session = [](const Turn& a, const Turn& b) { return a.session == b.session; };
    std::span<const Turn> turns = turns_;
    while (!turns.empty()) {
      auto of_listener = take_group(turns, same_listener);
      const std::uint32_t listener = of_listener.front().listener;
      engagement_.clear();
      while (!of_listener.empty()) SDP_RETURN_IF_ERROR(session(take_group(of_listener, same_session)));
      for (const auto& [key, counts] : engagement_) {
        marts_.user_engagement.push_back(
            {listener, key.first, key.second, day, counts[0], counts[1], counts[2]});
      }
    }
    for (std::size_t i = songs_before; i < marts_.song_daily.size(); ++i) {
      const std::uint32_t song = marts_.song_daily[i].song;
      if (!has_several_artists_[song]) ++artist_row(artists_of_song_[song]).songs;
    }
    for (const auto& [artist, song] : artist_songs_) ++artist_row(artist).songs;
    return {};
  }

  /// The events of one listener and day that have one session_id, or none.
  Result<void> session(std::span<const Turn> turns) {
    heard_.assign(turns.size(), {});
    const Fact* end = nullptr;
    for (std::size_t i = turns.size(); i-- > 0;) {
      const Fact& fact = fact_of(turns[i]);
      if (fact.type == EventType::play) {
        const bool same_song = end != nullptr && spelling_of(*end).song == spelling_of(fact).song;
        heard_[i] = heard_of(fact, end, same_song);
      }
      if (fact.type != EventType::add_to_playlist) end = &fact;
    }
    for (std::size_t i = 0; i < turns.size(); ++i) one(fact_of(turns[i]), heard_[i]);
    std::uint32_t gap = 0;
    for (std::size_t begin = 0; begin < turns.size();) {
      std::size_t next = begin + 1;
      while (next < turns.size() && (turns[begin].session != 0 || !is_gap(turns[next - 1], turns[next])))
        ++next;
      const auto part = turns.subspan(begin, next - begin);
      SDP_RETURN_IF_ERROR(check_order(part));
      session_row(part, std::span(heard_).subspan(begin, next - begin),
                  turns[begin].session == 0 ? ++gap : 0);
      begin = next;
    }
    return {};
  }

  bool is_gap(const Turn& before, const Turn& after) const {
    return fact_of(after).at_ms() - fact_of(before).at_ms() > kSessionGapMs;
  }

  /// Of events of one time that two logs took, offsets would have to tell which comes first.
  Result<void> check_order(std::span<const Turn> turns) const {
    for (std::size_t i = 1; i < turns.size(); ++i) {
      if (turns[i - 1].at_us != turns[i].at_us) continue;
      if (!oracle_.is_of_another_log(turns[i - 1].fact, turns[i].fact)) continue;
      const Fact& one = fact_of(turns[i - 1]);
      const Fact& other = fact_of(turns[i]);
      const bool is_heard =
          one.position_ms >= 0 || one.duration_ms >= 0 || other.position_ms >= 0 || other.duration_ms >= 0;
      const bool is_last = turns[i].at_us == turns.back().at_us;
      const bool is_elsewhere = one.device != other.device || one.country != other.country;
      if (!is_heard && !(is_last && is_elsewhere)) continue;
      return fail(
          ErrorKind::misconfigured,
          fmt::format("oracle: two logs have events of listener {} at the same millisecond, and their "
                      "offsets decide which comes first",
                      base::to_string(oracle_.listeners()[one.listener])));
    }
    return {};
  }

  void one(const Fact& fact, const Heard& heard) {
    const Spelling& spelling = spelling_of(fact);
    song(fact, spelling, heard);
    artist(fact, spelling, heard);
    hour(fact, heard);
    auto& engagement = engagement_[{fact.device, fact.country}];
    engagement[0] += fact.type == EventType::play;
    engagement[1] += fact.type == EventType::skip;
    engagement[2] += fact.type == EventType::add_to_playlist;
    if (fact.type == EventType::skip && fact.position_ms >= 0) {
      const std::int64_t step = std::min(fact.position_ms / 1'000, kSkipLast) / kSkipStep;
      ++skips_[static_cast<std::size_t>(step)];
    }
  }

  /// The row of this day, of which the place may still be that of another day.
  template <typename Row>
  Row& row_at(std::vector<Row>& rows, RowPlace& place, const Row& empty) {
    if (place.row == kNobody || rows[place.row].time != day_) {
      place = {.row = static_cast<std::uint32_t>(rows.size())};
      rows.push_back(empty);
    }
    return rows[place.row];
  }

  void song(const Fact& fact, const Spelling& spelling, const Heard& heard) {
    RowPlace& place = song_places_[spelling.song];
    SongRow& row =
        row_at(marts_.song_daily, place, {day_, spelling.song, fact.spelling, spelling.artist, {}, 0});
    smallest(row, fact.spelling, spelling.artist);
    count(row, place, fact, heard);
  }

  ArtistRow& artist_row(std::uint32_t artist) {
    return row_at(marts_.artist_daily, artist_places_[artist], {day_, artist, {}, 0, 0});
  }

  void artist(const Fact& fact, const Spelling& spelling, const Heard& heard) {
    count(artist_row(spelling.artist), artist_places_[spelling.artist], fact, heard);
    if (has_several_artists_[spelling.song]) artist_songs_.insert({spelling.artist, spelling.song});
  }

  void hour(const Fact& fact, const Heard& heard) {
    const std::int32_t hour = hour_of(fact);
    const auto where = static_cast<std::uint32_t>(static_cast<unsigned char>(fact.country.letters[0]) << 16 |
                                                  static_cast<unsigned char>(fact.country.letters[1]) << 8 |
                                                  std::to_underlying(fact.device));
    RowPlace& place = hour_places_[key_of(hour, where)];
    if (place.row == kNobody) {
      place.row = static_cast<std::uint32_t>(marts_.country_device_hourly.size());
      marts_.country_device_hourly.push_back({hour, fact.country, fact.device, {}, 0});
    }
    count(marts_.country_device_hourly[place.row], place, fact, heard);
  }

  /// Of several names the smallest in byte order is shown, title and artist each by itself.
  void smallest(SongRow& row, std::uint32_t spelling, std::uint32_t artist) const {
    if (spelling != row.spelling &&
        oracle_.spellings()[spelling].name < oracle_.spellings()[row.spelling].name)
      row.spelling = spelling;
    if (artist != row.artist && artist_ranks_[artist] < artist_ranks_[row.artist]) row.artist = artist;
  }

  void session_row(std::span<const Turn> turns, std::span<const Heard> heard, std::uint32_t gap) {
    const Fact& last = fact_of(turns.back());
    SessionRow& row = marts_.listener_sessions.emplace_back();
    row.day = day_;
    row.listener = last.listener;
    row.session = turns.front().session;
    row.gap = gap;
    row.started_us = turns.front().at_us;
    row.ended_us = turns.back().at_us;
    row.device = last.device;
    row.country = last.country;
    different_.clear();
    for (std::size_t i = 0; i < turns.size(); ++i) {
      count(row.totals, fact_of(turns[i]), heard[i]);
      different_.push_back(spelling_of(fact_of(turns[i])).song);
    }
    std::ranges::sort(different_);
    row.songs = static_cast<std::uint32_t>(std::ranges::unique(different_).begin() - different_.begin());
    std::uint32_t& latest = latest_[row.listener];
    if (latest == 0 || is_later(row, marts_.listener_sessions[latest - 1]))
      latest = static_cast<std::uint32_t>(marts_.listener_sessions.size());
  }

  bool is_later(const SessionRow& row, const SessionRow& other) const {
    if (row.ended_us != other.ended_us) return row.ended_us > other.ended_us;
    if (row.started_us != other.started_us) return row.started_us > other.started_us;
    return session_key_less(row, other);
  }

  /// By the texts `gap:N` and `id:...`.
  bool session_key_less(const SessionRow& a, const SessionRow& b) const {
    if ((a.session == 0) != (b.session == 0)) return a.session == 0;
    if (a.session != 0) return oracle_.sessions()[a.session] < oracle_.sessions()[b.session];
    return a.gap != b.gap && std::to_string(a.gap) < std::to_string(b.gap);
  }

  void history() {
    for (std::uint32_t listener = 0; listener < latest_.size(); ++listener) {
      const SessionRow& row = marts_.listener_sessions[latest_[listener] - 1];
      marts_.listener_history.push_back({listener, row.country, row.device});
    }
  }

  /// Sums of the days, which come one after another: of songs and artists by year, and of songs over all
  /// time.
  void years() {
    song_places_.assign(song_places_.size(), {});
    std::vector<RowPlace> all(song_places_.size());
    for (const SongRow& day : marts_.song_daily) {
      SongRow first = day;
      first.totals = {};
      first.listeners = 0;
      day_ = first.time = year_of(day.time);
      add_day(row_at(marts_.song_years, song_places_[day.song], first), day);
      day_ = first.time = 0;
      add_day(row_at(marts_.top_songs, all[day.song], first), day);
    }
    artist_places_.assign(artist_places_.size(), {});
    for (const ArtistRow& day : marts_.artist_daily) {
      day_ = year_of(day.time);
      artist_year(day.artist).totals += day.totals;
    }
  }

  void add_day(SongRow& row, const SongRow& day) const {
    smallest(row, day.spelling, day.artist);
    row.totals += day.totals;
  }

  ArtistRow& artist_year(std::uint32_t artist) {
    return row_at(marts_.artist_years, artist_places_[artist], {day_, artist, {}, 0, 0});
  }

  void sort_rows() {
    const auto by_song = [&](const SongRow& row) { return std::pair(row.time, song_ranks_[row.song]); };
    std::ranges::sort(marts_.song_daily, {}, by_song);
    std::ranges::sort(marts_.song_years, {}, by_song);
    std::ranges::sort(marts_.top_songs, {}, by_song);
    const auto by_artist = [&](const ArtistRow& row) {
      return std::pair(row.time, artist_ranks_[row.artist]);
    };
    std::ranges::sort(marts_.artist_daily, {}, by_artist);
    std::ranges::sort(marts_.artist_years, {}, by_artist);
    std::ranges::sort(marts_.country_device_hourly, {},
                      [](const HourRow& row) { return std::tuple(row.hour, row.country, name(row.device)); });
    std::ranges::sort(marts_.listener_history, {},
                      [&](const HistoryRow& row) { return listener_ranks_[row.listener]; });
    std::ranges::sort(marts_.user_engagement, {}, [&](const EngagementRow& row) {
      return std::tuple(listener_ranks_[row.listener], name(row.device), row.country, row.day);
    });
    std::ranges::sort(marts_.listener_sessions, [&](const SessionRow& a, const SessionRow& b) {
      if (a.day != b.day) return a.day < b.day;
      if (a.listener != b.listener) return listener_ranks_[a.listener] < listener_ranks_[b.listener];
      return session_key_less(a, b);
    });
  }

  void weekdays() {
    std::map<std::pair<unsigned, unsigned>, WeekdayRow> rows;
    for (const HourRow& hour : marts_.country_device_hourly) {
      if (hour.totals.plays() + hour.totals.skips() == 0) continue;
      const std::chrono::weekday day{std::chrono::sys_days(std::chrono::days(hour.hour / 24))};
      const unsigned of_day = static_cast<unsigned>(hour.hour % 24);
      WeekdayRow& row = rows[{day.iso_encoding(), of_day}];
      row.weekday = day.iso_encoding();
      row.hour = of_day;
      row.plays += hour.totals.plays();
      row.skips += hour.totals.skips();
    }
    for (const auto& [key, row] : rows) marts_.listening_by_weekday.push_back(row);
  }

  void listening_years() {
    std::map<std::int32_t, Totals> days;
    for (const HourRow& hour : marts_.country_device_hourly) days[hour.hour / 24] += hour.totals;
    std::map<std::int32_t, YearRow> years;
    std::int32_t before = 0;
    std::uint32_t streak = 0;
    for (const auto& [day, totals] : days) {
      YearRow& year = years[year_of(day)];
      year.year = year_of(day);
      year.totals += totals;
      if (totals.plays() == 0) continue;
      ++year.days_played;
      const bool goes_on = streak > 0 && day == before + 1 && year_of(before) == year.year;
      streak = goes_on ? streak + 1 : 1;
      before = day;
      if (streak > year.streak_days) {
        year.streak_days = streak;
        year.streak_begins = day - static_cast<std::int32_t>(streak) + 1;
      }
      if (totals.plays() > year.busiest_plays) {
        year.busiest_plays = totals.plays();
        year.busiest_day = day;
      }
    }
    for (const SongRow& song : marts_.song_years) years[song.time].songs += song.totals.plays() > 0;
    for (const ArtistRow& artist : marts_.artist_years)
      years[artist.time].artists += artist.totals.plays() > 0;
    for (const auto& [key, row] : years) marts_.listening_years.push_back(row);
  }

  void skip_curve() {
    if (std::ranges::any_of(skips_, [](std::uint64_t skips) { return skips > 0; }))
      marts_.skip_curve = skips_;
  }

  /// The newest hour with an event that had begun at this time.
  std::optional<std::int32_t> newest_hour(UtcMillis at) const {
    const auto now = static_cast<std::int32_t>(at.time_since_epoch().count() / kHourMs);
    std::optional<std::int32_t> newest;
    for (const HourRow& hour : marts_.country_device_hourly) {
      if (hour.hour <= now) newest = hour.hour;
    }
    return newest;
  }

  void windows(const NewestRecord& newest) {
    const auto last_hour = newest_hour(newest.no_later);
    if (last_hour != newest_hour(newest.no_earlier)) return;
    std::vector<WindowRow>& rows = marts_.song_windows.emplace();
    if (!last_hour) return;
    struct Reached {
      std::array<std::uint64_t, kReaches.size()> plays{};
      std::array<std::uint64_t, kReaches.size()> skips{};
    };
    std::vector<Reached> songs(oracle_.songs().size());
    for (const Fact& fact : oracle_.facts()) {
      const std::int64_t age = *last_hour + 1 - hour_of(fact);
      if (age < 1 || age > kReaches.back()) continue;
      const auto reach = static_cast<std::size_t>(std::ranges::lower_bound(kReaches, age) - kReaches.begin());
      Reached& song = songs[spelling_of(fact).song];
      song.plays[reach] += fact.type == EventType::play;
      song.skips[reach] += fact.type == EventType::skip;
    }
    for (const std::int64_t hours : kWindows) {
      for (const SongRow& song : marts_.top_songs) {
        WindowRow row{.hours = hours, .song = song.song};
        for (std::size_t i = 0; i < kReaches.size(); ++i) {
          const Reached& reached = songs[song.song];
          if (kReaches[i] <= hours) {
            row.plays += reached.plays[i];
            row.skips += reached.skips[i];
          } else if (kReaches[i] <= 2 * hours) {
            row.plays_before += reached.plays[i];
          }
        }
        if (row.plays + row.skips + row.plays_before > 0) rows.push_back(row);
      }
    }
  }

  const Oracle& oracle_;
  const std::vector<std::uint32_t> listener_ranks_;
  const std::vector<std::uint32_t> song_ranks_;
  const std::vector<std::uint32_t> artist_ranks_;
  std::vector<std::uint32_t> artists_of_song_;
  std::vector<bool> has_several_artists_;
  Marts marts_;
  // Of the day that is counted, or of the year.
  std::int32_t day_ = 0;
  std::vector<RowPlace> song_places_;
  std::vector<RowPlace> artist_places_;
  std::unordered_map<std::uint64_t, RowPlace, MixedHash> hour_places_;
  std::set<std::pair<std::uint32_t, std::uint32_t>>
      artist_songs_;  ///< of songs that come with several artists
  std::vector<Turn> turns_;
  // Of the listener and session that are counted.
  std::map<std::pair<DeviceType, event::Country>, std::array<std::uint32_t, 3>> engagement_;
  std::vector<Heard> heard_;
  std::vector<std::uint32_t> different_;

  std::vector<std::uint32_t> latest_;  ///< of each listener, its latest session's row + 1
  std::vector<std::uint64_t> skips_;
};

}  // namespace

Totals& Totals::operator+=(const Totals& other) {
  events += other.events;
  for (std::size_t i = 0; i < by_type.size(); ++i) by_type[i] += other.by_type[i];
  streams += other.streams;
  completions += other.completions;
  heard_ms += other.heard_ms;
  return *this;
}

Result<Marts> count_marts(const Oracle& oracle, const NewestRecord& newest) {
  if (oracle.is_full()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("oracle: it counts up to {} kept events, and more came; simulate fewer, or without "
                    "an oracle",
                    oracle.events_max()));
  }
  return Counting(oracle).run(newest);
}

}  // namespace sdp::simulate
