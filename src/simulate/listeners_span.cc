#include "simulate/listeners_span.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "simulate/listeners_source.h"

namespace sdp::simulate {
namespace {

constexpr std::uint32_t kTried = 1'000;
constexpr double kHoursADay = 24;
constexpr std::int64_t kLongestHours = 366 * 24;
/// As in ending_at(): by how much events end before now, in parts of the root of the number of sessions.
constexpr double kMargin = 3;
/// Who would begin more sessions than this listens all the time.
constexpr double kSessionsADayMax = 12;
constexpr double kSessionsADayMin = 0.001;

struct Tried {
  double events = 0;
  double hours = 0;
};

/// What listeners are like on average, by trying some.
class Sample {
 public:
  Sample(const SimulationSpec& spec, std::int64_t now_ms)
      : habits_(spec.behaviour), charts_(charts_of(spec)), songs_(event::catalogue(spec.songs)) {
    const Population population = population_of(spec);
    for (std::uint32_t number = 0; number < kTried; ++number) {
      people_.push_back(population.person(number));
      people_.back().bot = false;
    }
    charts_.advance(now_ms);
    for (std::uint32_t number = 0; number < kTried; ++number) {
      const Tried one = session(people_[number], number, now_ms);
      listener_.events += one.events / kTried;
      listener_.hours += one.hours / kTried;
    }
    Person bot = people_.front();
    bot.bot = true;
    bot_ = session(bot, 0, now_ms);
    bot_.events = 2 * spec.behaviour.bot_songs;
    for (std::size_t hour = 0; hour < kWeekHours; ++hour) {
      const std::int64_t at = static_cast<std::int64_t>(hour) * kHourMs;
      for (const Person& person : people_) {
        keenness_[hour_of_week(at)] +=
            static_cast<double>(habits_.keenness(person, person.home, at + 7 * kDayMs)) * 0x1.0p-32 / kTried;
      }
    }
  }

  const Tried& listener() const { return listener_; }
  /// Events that a listener causes in the hour, by sessions that begin in it.
  double events_in_hour(const Behaviour& behaviour, std::int64_t utc_ms) const {
    const double people = (1 - behaviour.bots) * behaviour.sessions_a_day * listener_.events *
                          keenness_[hour_of_week(utc_ms)];
    const double bots = behaviour.bots * behaviour.bot_sessions_a_day * bot_.events;
    return (people + bots) / kHoursADay;
  }

 private:
  Tried session(const Person& person, std::uint32_t number, std::int64_t now_ms) const {
    const Stage stage{habits_, charts_, songs_};
    Player player(stage, person, number, person.home, now_ms, Rng(number));
    event::ListeningEvent event;
    Tried tried;
    for (; !player.ends(); ++tried.events) player.act(stage, event);
    tried.hours = static_cast<double>(player.due() - now_ms) / static_cast<double>(kHourMs);
    return tried;
  }

  Habits habits_;
  Charts charts_;
  std::vector<event::Song> songs_;
  std::vector<Person> people_;
  Tried listener_;
  Tried bot_;
  std::array<double, kWeekHours> keenness_{};
};

}  // namespace

SimulationSpec listeners_ending_at(SimulationSpec spec, UtcMillis now, std::uint32_t days) {
  const std::int64_t now_ms = now.time_since_epoch().count();
  spec.start = now;
  if (!checked(spec)) return spec;  // who opens it is told why
  const Sample sample(spec, now_ms);
  const double sessions = static_cast<double>(spec.events) / sample.listener().events;
  const double wanted = static_cast<double>(spec.events) * (1 + kMargin / std::sqrt(std::max(sessions, 1.0)));
  // The events of a session come, on average, its length after it begins.
  const auto lag = static_cast<std::int64_t>(std::ceil(sample.listener().hours));
  Behaviour& behaviour = spec.behaviour;
  if (days > 0) {
    double able = 0;
    const std::int64_t hours = static_cast<std::int64_t>(days) * 24;
    for (std::int64_t hour = lag; hour < hours; ++hour)
      able += sample.events_in_hour(behaviour, now_ms - hour * kHourMs) * spec.users;
    const double growth = 1 + (behaviour.joining - behaviour.leaving) * days / 60;
    const double factor = wanted / (std::max(able, 1e-9) * std::max(growth, 0.1));
    // Nobody begins a session who is in one, so the others have to begin more.
    const double begun = std::min(behaviour.sessions_a_day * factor, kSessionsADayMax);
    const double listening = begun * sample.listener().hours / kHoursADay;
    behaviour.sessions_a_day =
        std::clamp(begun / std::max(1 - listening, 0.25), kSessionsADayMin, 2 * kSessionsADayMax);
    behaviour.bot_sessions_a_day =
        std::clamp(behaviour.bot_sessions_a_day * factor, kSessionsADayMin, 2 * kSessionsADayMax);
    if (begun < kSessionsADayMax) {
      spec.start = now - std::chrono::hours(hours);
      return spec;
    }
  }
  const double listening = behaviour.sessions_a_day * sample.listener().hours / kHoursADay;
  double able = 0;
  std::int64_t hour = lag;
  for (; able < wanted && hour < kLongestHours; ++hour) {
    able += sample.events_in_hour(behaviour, now_ms - (hour + 1) * kHourMs) * spec.users / (1 + listening);
  }
  spec.start = now - std::chrono::hours(hour);
  return spec;
}

}  // namespace sdp::simulate
