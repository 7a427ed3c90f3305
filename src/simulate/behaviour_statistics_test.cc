#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "event/catalogue.h"
#include "simulate/listeners_source.h"
#include "simulate/listeners_span.h"

// Each key of the behaviour moves what it says it moves, to where it says: measured in the events of a week,
// as anybody could who knows the listeners. What is expected is computed by other code, in floating point.

namespace sdp::simulate {
namespace {

using event::DeviceType;
using event::EventType;

constexpr std::uint32_t kUsers = 250;
constexpr std::uint32_t kSongs = 10'000;
constexpr double kDays = 7;
/// A Monday.
constexpr UtcMillis kStart = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

struct Play {
  std::uint32_t song = 0;
  std::int64_t begin_ms = 0;
  double heard_s = 0;
  bool skipped = false;
  bool added = false;
  /// From the end of the one before in the session; below 0 for the first.
  double gap_s = -1;
  bool after_skip = false;
  bool left = false;
};

struct Session {
  std::uint32_t number = 0;
  Person person;
  DeviceType device = DeviceType::mobile;
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  bool marked_b = false;
  std::string country;
  std::vector<Play> plays;
  std::vector<double> pauses_s;
  std::vector<double> hand_overs_s;
  int pauses = 0;
};

/// What happened in a week.
struct World {
  SimulationSpec spec;
  Charts charts;
  std::deque<Session> sessions;
};

/// Follows the events of one session.
class Follower {
 public:
  explicit Follower(Session& session) : session_(&session) {}

  void follow(const event::ListeningEvent& event, std::uint32_t song, std::int64_t duration_ms) {
    const std::int64_t now = event.timestamp.time_since_epoch().count();
    session_->end_ms = now;
    if (event.event_type == EventType::play && *event.position_ms > 0) {
      const double paused = static_cast<double>(now - paused_at_) / 1'000;
      (event.device_type == device_ ? session_->pauses_s : session_->hand_overs_s).push_back(paused);
      session_->plays.back().left = false;
      if (event.device_type != device_) --session_->pauses;
      device_ = event.device_type;
      resume(now, *event.position_ms, duration_ms);
      return;
    }
    if (event.event_type == EventType::play) {
      begin(now, song, duration_ms);
      device_ = event.device_type;
      return;
    }
    Play& play = session_->plays.back();
    play.heard_s = static_cast<double>(*event.position_ms) / 1'000;
    if (event.event_type == EventType::add_to_playlist) {
      play.added = true;
      play.heard_s = static_cast<double>(duration_ms) / 1'000;
    } else if (event.event_type == EventType::pause) {
      play.left = true;
      paused_at_ = now;
      ++session_->pauses;
    } else {
      play.skipped = true;
      stops_at_ = now;
    }
  }

 private:
  void begin(std::int64_t now, std::uint32_t song, std::int64_t duration_ms) {
    Play play{.song = song, .begin_ms = now};
    if (!session_->plays.empty()) {
      play.after_skip = session_->plays.back().skipped;
      play.gap_s = static_cast<double>(now - stops_at_) / 1'000;
    }
    session_->plays.push_back(play);
    resume(now, 0, duration_ms);
  }
  /// Until another event says otherwise, the song is heard to its end.
  void resume(std::int64_t now, std::int64_t position_ms, std::int64_t duration_ms) {
    stops_at_ = now + duration_ms - position_ms;
    session_->plays.back().heard_s = static_cast<double>(duration_ms) / 1'000;
  }

  Session* session_;
  DeviceType device_ = DeviceType::mobile;
  std::int64_t paused_at_ = 0;
  std::int64_t stops_at_ = 0;
};

SimulationSpec spec_of(const std::string& toml) {
  auto behaviour = behaviour_of(toml, "test.toml");
  EXPECT_TRUE(behaviour) << behaviour.error().message;
  return {.profile = Profile::listeners,
          .start = kStart,
          .duration = std::chrono::days(static_cast<int>(kDays)),
          .users = kUsers,
          .songs = kSongs,
          .behaviour = behaviour.value_or(Behaviour{})};
}

/// By the last bytes of an id, which are random.
struct Hash {
  std::size_t operator()(const Uuid& id) const {
    std::size_t word = 0;
    std::memcpy(&word, id.bytes.data() + sizeof word, sizeof word);
    return word;
  }
};
using Numbering = std::unordered_map<Uuid, std::uint32_t, Hash>;

World world_of(const std::string& toml) {
  World world{spec_of(toml), charts_of(spec_of(toml)), {}};
  static const auto kCatalogue = [] {
    Numbering numbers;
    for (const event::Song& song : event::catalogue(kSongs))
      numbers.emplace(song.id, static_cast<std::uint32_t>(numbers.size()));
    return numbers;
  }();
  Numbering listeners;
  const Population population = population_of(world.spec);
  for (std::uint32_t number = 0; number < 2 * kUsers; ++number)
    listeners.emplace(population.person(number).user, number);

  auto source = open_source(world.spec);
  EXPECT_TRUE(source);
  std::unordered_map<std::string, Follower> followers;
  event::ListeningEvent event;
  while ((*source)->next(event)) {
    auto at = followers.find(*event.session_id);
    if (at == followers.end()) {
      Session& session = world.sessions.emplace_back();
      session.number = listeners.at(event.user_id);
      session.person = population.person(session.number);
      session.device = event.device_type;
      session.begin_ms = event.timestamp.time_since_epoch().count();
      session.marked_b = event.app_version->ends_with("+b");
      session.country = event.country.view();
      at = followers.emplace(*event.session_id, Follower(session)).first;
    }
    at->second.follow(event, kCatalogue.at(event.song_id), *event.duration_ms);
  }
  return world;
}

/// Many cases have the same base, so these worlds are kept.
const World& base_world(const std::string& toml) {
  static std::map<std::string, World> worlds;
  const auto at = worlds.find(toml);
  return at != worlds.end() ? at->second : worlds.emplace(toml, world_of(toml)).first->second;
}

// How things are counted.

struct Share {
  double part = 0;
  double all = 0;

  void count(bool belongs) {
    ++all;
    part += belongs ? 1 : 0;
  }
  double value() const { return part / all; }
};

struct Mean {
  double sum = 0;
  double count = 0;

  void add(double value) {
    sum += value;
    ++count;
  }
  double value() const { return sum / count; }
};

using SessionTest = std::function<bool(const Session&)>;
using PlayTest = std::function<bool(const Session&, const Play&)>;

bool is_person(const Session& session) {
  return !session.person.bot;
}
bool is_bot(const Session& session) {
  return session.person.bot;
}

double share_of_sessions(const World& world, const SessionTest& of, const SessionTest& belongs) {
  Share share;
  for (const Session& session : world.sessions) {
    if (of(session)) share.count(belongs(session));
  }
  return share.value();
}

double share_of_plays(const World& world, const PlayTest& of, const PlayTest& belongs) {
  Share share;
  for (const Session& session : world.sessions) {
    for (const Play& play : session.plays) {
      if (of(session, play)) share.count(belongs(session, play));
    }
  }
  return share.value();
}

double share_of_users(const World& world, const SessionTest& belongs) {
  std::map<std::uint32_t, bool> users;
  for (const Session& session : world.sessions) users[session.number] = belongs(session);
  Share share;
  for (const auto& [number, is] : users) share.count(is);
  return share.value();
}

double sessions_a_day(const World& world, const SessionTest& of) {
  std::set<std::uint32_t> users;
  double sessions = 0, listening_ms = 0;
  for (const Session& session : world.sessions) {
    if (!of(session)) continue;
    users.insert(session.number);
    ++sessions;
    listening_ms += static_cast<double>(session.end_ms - session.begin_ms);
  }
  return sessions / (static_cast<double>(users.size()) * kDays - listening_ms / static_cast<double>(kDayMs));
}

bool any_play(const Session& session, const Play&) {
  return !session.person.bot;
}
bool skipped(const Session&, const Play& play) {
  return play.skipped;
}
double skips(const World& world, const PlayTest& of) {
  return share_of_plays(world, of, skipped);
}

std::size_t local_hour(const Session& session, const Behaviour& behaviour) {
  const auto offset =
      static_cast<std::int64_t>(behaviour.country_utc_minutes[session.person.country]) * 60'000;
  return hour_of_week(session.begin_ms + offset);
}

/// Sessions on workdays or at weekends that begin from 6 to 12, local time.
double share_of_mornings(const World& world, bool weekend, int type = -1) {
  const auto hour = [&](const Session& session) { return local_hour(session, world.spec.behaviour); };
  return share_of_sessions(
      world,
      [&](const Session& session) {
        return is_person(session) && (hour(session) >= 120) == weekend &&
               (type < 0 || session.person.type == type);
      },
      [&](const Session& session) { return hour(session) % 24 >= 6 && hour(session) % 24 < 12; });
}

const Numbers& hours_of_type(const Behaviour& behaviour, int type) {
  return type == 0   ? behaviour.early_birds
         : type == 1 ? behaviour.working_hours
         : type == 2 ? behaviour.evening_listeners
                     : behaviour.night_owls;
}

/// The same by the settings, of one type or of all.
double expected_mornings(const Behaviour& behaviour, const Numbers& hours, int type = -1) {
  double part = 0, all = 0;
  for (int one = 0; one < 4; ++one) {
    if (type >= 0 && one != type) continue;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      const double weight =
          behaviour.types[static_cast<std::size_t>(one)] * hours[hour] * hours_of_type(behaviour, one)[hour];
      all += weight;
      part += hour >= 6 && hour < 12 ? weight : 0;
    }
  }
  return part / all;
}

/// Share of plays of the first ranks.
double expected_head(const Behaviour& behaviour, double ranks) {
  double head = 0, all = 0;
  for (std::uint32_t song = 1; song <= kSongs; ++song) {
    const double rank = song;
    double weight = 1, begin = 1;
    for (std::size_t piece = 0; piece < behaviour.popularity_exponents.size(); ++piece) {
      const double end =
          piece < behaviour.popularity_breaks.size()
              ? std::clamp(behaviour.popularity_breaks[piece] * kSongs, begin, std::max(rank, begin))
              : std::max(rank, begin);
      weight *= std::pow(end / begin, -behaviour.popularity_exponents[piece]);
      begin = end;
    }
    all += weight;
    head += rank <= ranks ? weight : 0;
  }
  return head / all;
}

double head(const World& world, std::uint32_t ranks) {
  return share_of_plays(world, any_play, [&](const Session&, const Play& play) { return play.song < ranks; });
}

/// Share of plays of songs that are played far more often than others.
double share_of_spikes(const World& world) {
  std::map<std::uint32_t, double> plays;
  double all = 0, part = 0;
  for (const Session& session : world.sessions) {
    for (const Play& play : session.plays) {
      ++plays[play.song];
      ++all;
    }
  }
  for (const auto& [song, count] : plays) part += count > 25 ? count : 0;
  return part / all;
}

double expected_spikes(const Behaviour& behaviour) {
  return behaviour.spikes_a_week * behaviour.spike_plays * behaviour.spike_half_life_h / std::log(2) / 168;
}

double mean_of(const World& world, const SessionTest& of, std::vector<double> Session::* values) {
  Mean mean;
  for (const Session& session : world.sessions) {
    if (!of(session)) continue;
    for (const double value : session.*values) mean.add(value);
  }
  return mean.value();
}

double mean_gap(const World& world, const PlayTest& of) {
  Mean mean;
  for (const Session& session : world.sessions) {
    for (const Play& play : session.plays) {
      if (is_person(session) && play.gap_s >= 0 && of(session, play)) mean.add(play.gap_s);
    }
  }
  return mean.value();
}

/// Gaps that only an advert explains: songs follow each other by themselves at once.
bool is_advert(const Session&, const Play& play) {
  return !play.after_skip && play.gap_s > 10;
}

double skips_in_first_hour(const World& world) {
  int most = 0;
  for (const Session& session : world.sessions) {
    if (!is_person(session) || session.person.pays || session.device != DeviceType::mobile) continue;
    int count = 0;
    for (const Play& play : session.plays)
      count += play.skipped && play.begin_ms < session.begin_ms + kHourMs ? 1 : 0;
    most = std::max(most, count);
  }
  return std::min(most, 10);
}

double age_days(const World& world, const Play& play) {
  const std::int64_t out = world.charts.song(play.song).out_ms;
  return out == 0 ? 1e9 : static_cast<double>(play.begin_ms - out) / static_cast<double>(kDayMs);
}

using Measure = std::function<double(const World&)>;
using Expected = std::function<double(const Behaviour&)>;

struct Case {
  std::string_view key;
  std::string base;
  /// In place of the base, or after it when it begins with a line feed.
  std::string changed;
  Measure measure;
  Expected expected;
  double tolerance = 0;
};

constexpr std::string_view kFlat =
    "popularity.exponents = [0, 0, 0, 0]\nspikes.per_week = 0\nreleases.per_day = 0\nbots.share = 0\n";
constexpr std::string_view kFlatWithReleases =
    "popularity.exponents = [0, 0, 0, 0]\nspikes.per_week = 0\nbots.share = 0\n";
constexpr std::string_view kFlatWithSpikes =
    "popularity.exponents = [0, 0, 0, 0]\nreleases.per_day = 0\nbots.share = 0\n";
constexpr std::string_view kMorning =
    "[0,0,0,0,0,0, 900,900,900,900,900,900, 100,100,100,100,100,100, 100,100,100,100,100,100]";
constexpr std::string_view kNoMorning =
    "[100,100,100,100,100,100, 0,0,0,0,0,0, 100,100,100,100,100,100, 100,100,100,100,100,100]";

std::string plus(std::string_view base, std::string_view line) {
  return std::string(base).append(line).append("\n");
}

Case hours_case(std::string_view key, int device, bool weekend, Numbers Behaviour::* hours) {
  const std::string on = fmt::format("devices.at_home = 1\ndevices.shares = [{}, {}, {}]\n",
                                     device == 0 ? 1 : 0, device == 1 ? 1 : 0, device == 2 ? 1 : 0);
  return {key,
          on,
          plus(on, fmt::format("{} = {}", key, kMorning)),
          [weekend](const World& world) { return share_of_mornings(world, weekend); },
          [hours](const Behaviour& behaviour) { return expected_mornings(behaviour, behaviour.*hours); },
          0.06};
}

Case type_case(std::string_view key, int type) {
  const std::string all = "devices.at_home = 1\ndevices.shares = [1, 0, 0]\n";
  return {key,
          all,
          plus(all, fmt::format("{} = {}", key, type < 2 ? kNoMorning : kMorning)),
          [type](const World& world) { return share_of_mornings(world, false, type); },
          [type](const Behaviour& behaviour) {
            return expected_mornings(behaviour, behaviour.mobile_workday, type);
          },
          0.08};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](std::string_view key, std::string_view base, std::string_view value, Measure measure,
                       Expected expected, double tolerance) {
    all.push_back({key, std::string(base), plus(base, fmt::format("{} = {}", key, value)), std::move(measure),
                   std::move(expected), tolerance});
  };

  add(
      "sessions.per_day", "", "4", [](const World& world) { return sessions_a_day(world, is_person); },
      [](const Behaviour& behaviour) { return behaviour.sessions_a_day; }, 0.25);
  add(
      "sessions.songs", "pauses.left = 0\n", "30",
      [](const World& world) {
        Mean mean;
        for (const Session& session : world.sessions) {
          if (is_person(session)) mean.add(static_cast<double>(session.plays.size()));
        }
        return mean.value();
      },
      [](const Behaviour& behaviour) { return behaviour.songs; }, 1.5);
  add(
      "sessions.think_s", "paid.share = 1\n", "5",
      [](const World& world) {
        return mean_gap(world, [](const Session&, const Play& play) { return play.after_skip; });
      },
      [](const Behaviour& behaviour) { return behaviour.think_s; }, 0.15);
  add(
      "sessions.autoplay_s", "paid.share = 1\n", "2",
      [](const World& world) {
        return mean_gap(world, [](const Session&, const Play& play) { return !play.after_skip; });
      },
      [](const Behaviour& behaviour) { return behaviour.autoplay_s; }, 0.01);
  add(
      "sessions.added", "", "0.5",
      [](const World& world) {
        return share_of_plays(world, any_play, [](const Session&, const Play& play) { return play.added; });
      },
      [](const Behaviour& behaviour) { return behaviour.added; }, 0.02);

  const std::string_view one_device = "devices.handed_over = 0\n";
  add(
      "pauses.per_hour", one_device, "20",
      [](const World& world) {
        double pauses = 0, hours = 0;
        for (const Session& session : world.sessions) {
          if (!is_person(session)) continue;
          pauses += session.pauses;
          for (const Play& play : session.plays) hours += play.heard_s / 3'600;
        }
        return pauses / hours;
      },
      [](const Behaviour& behaviour) { return behaviour.pauses_an_hour; }, 0.8);
  add(
      "pauses.mean_s", one_device, "10",
      [](const World& world) { return mean_of(world, is_person, &Session::pauses_s); },
      [](const Behaviour& behaviour) { return behaviour.paused_s; }, 3.0);
  add(
      "pauses.left", one_device, "0.6",
      [](const World& world) {
        double left = 0, all_pauses = 0;
        for (const Session& session : world.sessions) {
          all_pauses += session.pauses;
          left += session.plays.back().left ? 1 : 0;
        }
        return left / all_pauses;
      },
      [](const Behaviour& behaviour) { return behaviour.left_while_paused; }, 0.03);

  const std::string_view steady = "pauses.left = 0\nbots.share = 0\n";
  const std::string_view alike = "pauses.left = 0\nbots.share = 0\nskip.song_spread = 0\n";
  add(
      "skip.within_5s", steady, "0.1",
      [](const World& world) {
        return share_of_plays(world, any_play, [](const Session&, const Play& play) {
          return play.skipped && play.heard_s <= 5;
        });
      },
      [](const Behaviour& behaviour) { return behaviour.skipped_5s; }, 0.03);
  add(
      "skip.within_30s", steady, "0.46",
      [](const World& world) {
        return share_of_plays(world, any_play, [](const Session&, const Play& play) {
          return play.skipped && play.heard_s <= 30;
        });
      },
      [](const Behaviour& behaviour) { return behaviour.skipped_30s; }, 0.03);
  add(
      "skip.before_end", alike, "0.7", [](const World& world) { return skips(world, any_play); },
      [](const Behaviour& behaviour) { return behaviour.skipped; }, 0.03);
  const auto on_day = [](std::size_t day) {
    return [day](const Session& session, const Play& play) {
      constexpr std::int64_t kUtcHours = 1;
      return hour_of_week(play.begin_ms + kUtcHours * kHourMs) / 24 == day && is_person(session);
    };
  };
  add(
      "skip.by_weekday",
      plus(alike, "countries.codes = [\"DE\"]\ncountries.shares = [1]\ncountries.utc_minutes = [60]"),
      "[1, 1, 1, 1, 1, 1, 1.7]",
      [on_day](const World& world) { return skips(world, on_day(6)) / skips(world, on_day(0)); },
      [](const Behaviour& behaviour) { return behaviour.skip_by_weekday[6] / behaviour.skip_by_weekday[0]; },
      0.1);
  const auto of_age = [](std::uint8_t age) {
    return [age](const Session& session, const Play&) { return session.person.age == age; };
  };
  add(
      "skip.by_age", alike, "[1, 1, 1, 1, 1]",
      [of_age](const World& world) { return skips(world, of_age(0)) / skips(world, of_age(2)); },
      [](const Behaviour& behaviour) { return behaviour.skip_by_age[0] / behaviour.skip_by_age[2]; }, 0.15);
  add(
      "skip.song_spread", plus(kFlat, "pauses.left = 0"), "0",
      [](const World& world) {
        // Which songs are skipped more is the same list whatever the spread.
        static const Charts kCharts = charts_of(spec_of(plus(kFlat, "pauses.left = 0")));
        const auto often = [](bool more) {
          return [more](const Session&, const Play& play) {
            return (kCharts.song(play.song).skips > kOne) == more;
          };
        };
        return skips(world, often(true)) / skips(world, often(false));
      },
      [](const Behaviour& behaviour) {
        return (1 + behaviour.skip_song_spread / 2) / (1 - behaviour.skip_song_spread / 2);
      },
      0.1);

  const auto weight_of = [](Numbers Behaviour::* weights, std::size_t at) {
    return [=](const Behaviour& behaviour) {
      const Numbers& list = behaviour.*weights;
      double sum = 0;
      for (const double weight : list) sum += weight;
      return list[at] / sum;
    };
  };
  add(
      "listeners.ages", "", "[80, 10, 5, 3, 2]",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.person.age == 0; });
      },
      weight_of(&Behaviour::ages, 0), 0.08);
  add(
      "listeners.types", "", "[10, 10, 10, 70]",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.person.type == 3; });
      },
      weight_of(&Behaviour::types, 3), 0.09);
  all.push_back(type_case("listeners.early_birds", 0));
  all.push_back(type_case("listeners.working_hours", 1));
  all.push_back(type_case("listeners.evening", 2));
  all.push_back(type_case("listeners.night_owls", 3));
  add(
      "listeners.joining", "", "1",
      [](const World& world) {
        std::uint32_t last = 0;
        for (const Session& session : world.sessions) last = std::max(last, session.number + 1);
        return static_cast<double>(last) / kUsers - 1;
      },
      [](const Behaviour& behaviour) { return behaviour.joining * kDays / 30; }, 0.04);
  add(
      "listeners.leaving", "", "1",
      [](const World& world) {
        std::uint32_t first = kUsers;
        for (const Session& session : world.sessions) {
          if (session.begin_ms >= kStart.time_since_epoch().count() + 6 * kDayMs)
            first = std::min(first, session.number);
        }
        return static_cast<double>(first) / kUsers;
      },
      [](const Behaviour& behaviour) { return behaviour.leaving * 6 / 30; }, 0.04);

  add(
      "paid.share", "", "0.9",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.person.pays; });
      },
      [](const Behaviour& behaviour) { return behaviour.paid; }, 0.1);
  add(
      "paid.songs_per_advert", "paid.share = 0\npauses.left = 0\n", "1",
      [](const World& world) {
        return share_of_plays(
            world,
            [](const Session& session, const Play& play) {
              return is_person(session) && play.gap_s >= 0 && !play.after_skip;
            },
            is_advert);
      },
      [](const Behaviour& behaviour) {
        const double goes_on = 1 - 1 / behaviour.songs;
        const double each = std::pow(goes_on, behaviour.songs_an_advert);
        return each / (1 - each) / (goes_on / (1 - goes_on));
      },
      0.05);
  add(
      "paid.advert_s", "paid.share = 0\n", "60",
      [](const World& world) { return mean_gap(world, is_advert); },
      [](const Behaviour& behaviour) { return behaviour.advert_s; }, 1.0);
  add(
      "paid.free_skips_per_hour", one_device, "3", skips_in_first_hour,
      [](const Behaviour& behaviour) {
        return behaviour.free_skips_an_hour == 0 ? 10 : behaviour.free_skips_an_hour;
      },
      0.1);

  add(
      "experiment.share", "", "0.1",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.marked_b; });
      },
      [](const Behaviour& behaviour) { return behaviour.experiment; }, 0.1);
  add(
      "experiment.skips", alike, "1.5",
      [](const World& world) {
        const auto arm = [](bool b) {
          return [b](const Session& session, const Play&) { return session.marked_b == b; };
        };
        return skips(world, arm(true)) / skips(world, arm(false));
      },
      [](const Behaviour& behaviour) { return behaviour.experiment_skips; }, 0.1);

  const std::string_view many_bots = "bots.share = 0.3\n";
  add(
      "bots.share", "", "0.2",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) {
          std::set<std::uint32_t> songs;
          for (const Play& play : session.plays) songs.insert(play.song);
          return songs.size() == 1 && session.plays.size() > 20;
        });
      },
      [](const Behaviour& behaviour) { return behaviour.bots; }, 0.07);
  add(
      "bots.sessions_per_day", many_bots, "3",
      [](const World& world) { return sessions_a_day(world, is_bot); },
      [](const Behaviour& behaviour) { return behaviour.bot_sessions_a_day; }, 0.25);
  add(
      "bots.songs", many_bots, "50",
      [](const World& world) {
        Mean mean;
        for (const Session& session : world.sessions) {
          if (is_bot(session)) mean.add(static_cast<double>(session.plays.size()));
        }
        return mean.value();
      },
      [](const Behaviour& behaviour) { return behaviour.bot_songs; }, 45);
  add(
      "bots.heard_s", many_bots, "60",
      [](const World& world) {
        Mean mean;
        for (const Session& session : world.sessions) {
          for (const Play& play : session.plays) {
            if (is_bot(session) && play.skipped) mean.add(play.heard_s);
          }
        }
        return mean.value();
      },
      [](const Behaviour& behaviour) { return behaviour.bot_heard_s; }, 0.01);

  add(
      "devices.shares", "devices.at_home = 1\n", "[10, 80, 10]",
      [](const World& world) {
        return share_of_users(world,
                              [](const Session& session) { return session.device == DeviceType::mobile; });
      },
      weight_of(&Behaviour::devices, 0), 0.1);
  add(
      "devices.at_home", "", "0.2",
      [](const World& world) {
        return share_of_sessions(
            world, is_person, [](const Session& session) { return session.device == session.person.home; });
      },
      [](const Behaviour& behaviour) {
        double same = 0, sum = 0;
        for (const double share : behaviour.devices) {
          same += share * share;
          sum += share;
        }
        return behaviour.home_device + (1 - behaviour.home_device) * same / sum / sum;
      },
      0.06);
  add(
      "devices.handed_over", "pauses.left = 0\n", "0.6",
      [](const World& world) {
        return share_of_sessions(world, is_person,
                                 [](const Session& session) { return !session.hand_overs_s.empty(); });
      },
      [](const Behaviour& behaviour) { return behaviour.handed_over; }, 0.04);
  add(
      "devices.hand_over_s", "devices.handed_over = 0.5\n", "60",
      [](const World& world) { return mean_of(world, is_person, &Session::hand_overs_s); },
      [](const Behaviour& behaviour) { return behaviour.hand_over_s; }, 6);

  all.push_back(hours_case("hours.mobile_workday", 0, false, &Behaviour::mobile_workday));
  all.push_back(hours_case("hours.mobile_weekend", 0, true, &Behaviour::mobile_weekend));
  all.push_back(hours_case("hours.desktop_workday", 1, false, &Behaviour::desktop_workday));
  all.push_back(hours_case("hours.desktop_weekend", 1, true, &Behaviour::desktop_weekend));
  all.push_back(hours_case("hours.web_workday", 2, false, &Behaviour::web_workday));
  all.push_back(hours_case("hours.web_weekend", 2, true, &Behaviour::web_weekend));

  // Wednesday beside Tuesday and Thursday.
  const auto on_wednesday = [](const World& world) {
    double holiday = 0, others = 0;
    for (const Session& session : world.sessions) {
      if (!is_person(session)) continue;
      const std::size_t day = local_hour(session, world.spec.behaviour) / 24;
      holiday += day == 2 ? 1 : 0;
      others += day == 1 || day == 3 ? 0.5 : 0;
    }
    return holiday / others;
  };
  const auto expected_wednesday = [](const Behaviour& behaviour) {
    return behaviour.holidays.empty() ? 1 : behaviour.holiday_sessions;
  };
  add("holidays.days", "sessions.per_day = 4\n", R"(["03-04"])", on_wednesday, expected_wednesday, 0.12);
  add("holidays.sessions", "sessions.per_day = 4\nholidays.days = [\"03-04\"]\n", "0.1", on_wednesday,
      expected_wednesday, 0.12);

  add(
      "countries.codes", "", R"(["SE", "IN", "BR", "UK", "DE", "MX", "CA", "FR", "ES", "JP", "AU"])",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.country == "SE"; });
      },
      [](const Behaviour& behaviour) { return behaviour.countries[0] == "SE" ? 0.3 : 0; }, 0.1);
  add(
      "countries.shares", "", "[0, 90, 1, 1, 1, 1, 1, 1, 1, 1, 2]",
      [](const World& world) {
        return share_of_users(world, [](const Session& session) { return session.country == "IN"; });
      },
      weight_of(&Behaviour::country_shares, 1), 0.08);
  const std::string one_country =
      "devices.shares = [1, 0, 0]\ndevices.at_home = 1\ncountries.codes = [\"SE\"]\ncountries.shares = [1]\n";
  all.push_back({"countries.utc_minutes", one_country + "countries.utc_minutes = [0]\n",
                 one_country + "countries.utc_minutes = [-360]\n",
                 // In UTC: six hours behind, the morning is the night before.
                 [](const World& world) {
                   return share_of_sessions(
                       world,
                       [](const Session& session) {
                         return is_person(session) && hour_of_week(session.begin_ms) < 119;
                       },
                       [](const Session& session) {
                         const std::size_t hour = hour_of_week(session.begin_ms) % 24;
                         return hour >= 6 && hour < 12;
                       });
                 },
                 [](const Behaviour& behaviour) {
                   Behaviour shifted = behaviour;
                   if (behaviour.country_utc_minutes[0] < 0)
                     std::ranges::rotate(shifted.mobile_workday, shifted.mobile_workday.end() - 6);
                   for (Numbers* hours : {&shifted.early_birds, &shifted.working_hours,
                                          &shifted.evening_listeners, &shifted.night_owls}) {
                     if (behaviour.country_utc_minutes[0] < 0) std::ranges::rotate(*hours, hours->end() - 6);
                   }
                   return expected_mornings(shifted, shifted.mobile_workday);
                 },
                 0.05});

  const std::string_view fixed = "spikes.per_week = 0\nreleases.per_day = 0\nbots.share = 0\n";
  add(
      "popularity.breaks", fixed, "[0.001, 0.1, 0.5]", [](const World& world) { return head(world, 22); },
      [](const Behaviour& behaviour) { return expected_head(behaviour, 22); }, 0.03);
  add(
      "popularity.exponents", fixed, "[0.5, 0.5, 0.5, 0.5]",
      [](const World& world) { return head(world, 22); },
      [](const Behaviour& behaviour) { return expected_head(behaviour, 22); }, 0.03);

  const auto of_favourite = [](const World& world) {
    return share_of_plays(world, any_play, [&](const Session& session, const Play& play) {
      return world.charts.song(play.song).genre == world.charts.favourite(session.person);
    });
  };
  const auto expected_favourite = [](const Behaviour& behaviour) {
    return behaviour.favourite_genre + (1 - behaviour.favourite_genre) / behaviour.genres;
  };
  add("taste.genres", kFlat, "2", of_favourite, expected_favourite, 0.03);
  add("taste.favourite", kFlat, "0.9", of_favourite, expected_favourite, 0.03);

  add(
      "releases.per_day", plus(kFlatWithReleases, "releases.new_plays = 0.5"), "0.003",
      [](const World& world) {
        std::set<std::uint32_t> out;
        for (const Session& session : world.sessions) {
          for (const Play& play : session.plays) {
            EXPECT_GE(age_days(world, play), 0) << "played before it came out";
            if (world.charts.song(play.song).out_ms > kStart.time_since_epoch().count())
              out.insert(play.song);
          }
        }
        return static_cast<double>(out.size()) / kSongs / kDays;
      },
      [](const Behaviour& behaviour) { return behaviour.releases_a_day; }, 0.0003);
  add(
      "releases.new_days", plus(kFlatWithReleases, "releases.new_plays = 1"), "5",
      [](const World& world) {
        double oldest = 0;
        for (const Session& session : world.sessions) {
          for (const Play& play : session.plays) oldest = std::max(oldest, age_days(world, play));
        }
        return oldest;
      },
      [](const Behaviour& behaviour) { return behaviour.new_days; }, 1);
  add(
      "releases.new_plays", kFlatWithReleases, "0.5",
      [](const World& world) {
        return share_of_plays(world, any_play, [&](const Session&, const Play& play) {
          return age_days(world, play) < world.spec.behaviour.new_days;
        });
      },
      [](const Behaviour& behaviour) {
        const double others = behaviour.releases_a_day * behaviour.new_days;
        return behaviour.new_plays + (1 - behaviour.new_plays) * others;
      },
      0.02);

  add("spikes.per_week", plus(kFlatWithSpikes, "spikes.plays = 0.2\nspikes.half_life_h = 2"), "30",
      share_of_spikes, expected_spikes, 0.04);
  add("spikes.plays", plus(kFlatWithSpikes, "spikes.per_week = 30\nspikes.half_life_h = 2"), "0.2",
      share_of_spikes, expected_spikes, 0.04);
  const std::string spikes = plus(kFlatWithSpikes, "spikes.per_week = 20\nspikes.plays = 0.1");
  all.push_back({"spikes.half_life_h", plus(spikes, "spikes.half_life_h = 2"),
                 plus(spikes, "spikes.half_life_h = 12"), share_of_spikes, expected_spikes, 0.06});
  return all;
}

/// By the settings alone: how many times as many sessions somebody begins.
double factor_of(const std::string& days, std::uint8_t country, UtcMillis time) {
  const Habits habits(spec_of(fmt::format("countries.codes = [\"US\", \"JP\"]\ncountries.shares = [1, 1]\n"
                                          "countries.utc_minutes = [-360, 540]\nholidays.days = {}\n",
                                          days))
                          .behaviour);
  Person person;
  person.country = country;
  return static_cast<double>(habits.holiday_factor(person, time.time_since_epoch().count())) / kOne;
}

TEST(Holidays, HoldOnTheListenersDateInTheirCountryAndYear) {
  constexpr std::uint8_t kUs = 0, kJapan = 1;
  const UtcMillis day = std::chrono::sys_days(std::chrono::year(2026) / 7 / 4);
  using std::chrono::hours;
  for (const std::string_view days :
       {R"(["07-04"])", R"(["2026-07-04"])", R"(["US 07-04"])", R"(["12-25", "07-04"])"}) {
    EXPECT_EQ(factor_of(std::string(days), kUs, day + hours(6)), 0.5) << days;
    EXPECT_EQ(factor_of(std::string(days), kUs, day + hours(29)), 0.5) << days;
    EXPECT_EQ(factor_of(std::string(days), kUs, day + hours(5)), 1) << "it is still the third there";
    EXPECT_EQ(factor_of(std::string(days), kUs, day + hours(30)), 1);
  }
  EXPECT_EQ(factor_of(R"(["07-04"])", kJapan, day - hours(9)), 0.5);
  EXPECT_EQ(factor_of(R"(["07-04"])", kJapan, day + hours(15)), 1);
  EXPECT_EQ(factor_of(R"(["US 07-04"])", kJapan, day), 1);
  EXPECT_EQ(factor_of(R"(["07-04"])", kUs, day + hours(365 * 24 + 6)), 0.5);
  EXPECT_EQ(factor_of(R"(["2026-07-04"])", kUs, day + hours(365 * 24 + 6)), 1);
}

TEST(Holidays, DoNotPutTheEventsOfARunBehindNow) {
  // A week of holidays before now: as many events take more days.
  std::string days = "holidays.days = [";
  for (int day = 2; day < 30; ++day) days += fmt::format("{}\"2026-06-{:02}\"", day > 2 ? ", " : "", day);
  const UtcMillis now = std::chrono::sys_days(std::chrono::year(2026) / 6 / 30);
  for (const std::uint32_t over : {0U, 28U}) {
    SimulationSpec spec = spec_of(days + "]\nholidays.sessions = 0.3\n");
    spec.duration = {};
    spec.events = 20'000;
    spec = listeners_ending_at(spec, now, over);
    const auto source = open_source(spec);
    ASSERT_TRUE(source);
    event::ListeningEvent event;
    while ((*source)->next(event)) continue;
    EXPECT_LT(event.timestamp, now) << over << " days";
    EXPECT_GT(event.timestamp, now - std::chrono::days(5)) << over << " days";
  }
}

TEST(BehaviourStatistics, EveryKeyHasACase) {
  std::set<std::string> covered;
  for (const Case& one : cases()) covered.emplace(one.key);
  for (const BehaviourKey& key : behaviour_keys()) EXPECT_TRUE(covered.contains(key.path())) << key.path();
  EXPECT_EQ(covered.size(), behaviour_keys().size());
}

class Statistics : public testing::TestWithParam<Case> {};

TEST_P(Statistics, FollowsItsKey) {
  const Case& one = GetParam();
  const double by_default = one.expected(spec_of(one.base).behaviour);
  const double changed = one.expected(spec_of(one.changed).behaviour);
  ASSERT_GT(std::abs(changed - by_default), 2 * one.tolerance) << "a case that cannot fail";
  EXPECT_NEAR(one.measure(base_world(one.base)), by_default, one.tolerance) << one.base;
  EXPECT_NEAR(one.measure(world_of(one.changed)), changed, one.tolerance) << one.changed;
}

INSTANTIATE_TEST_SUITE_P(Keys, Statistics, testing::ValuesIn(cases()), [](const auto& tested) {
  std::string name(tested.param.key);
  std::ranges::replace(name, '.', '_');
  return name;
});

}  // namespace
}  // namespace sdp::simulate
