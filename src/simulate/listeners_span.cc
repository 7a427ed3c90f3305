#include "simulate/listeners_span.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "simulate/listeners_source.h"

namespace sdp::simulate {
namespace {

constexpr std::uint32_t kTried = 2'000;
constexpr std::int64_t kLongestHours = 366 * 24;
/// By how much events end before now, in parts of the root of the number of sessions: three deviations of a
/// sum of as many sessions, the lengths of which are as uneven as exponential ones.
constexpr double kSpanMargin = 4.25;
constexpr double kSessionsADayMin = 0.001;
constexpr double kSessionsADayMax = 24;
constexpr int kHalvings = 30;

struct Tried {
  double events = 0;
  double hours = 0;
};

/// How many events a listener causes, on average, by the sessions that begin in an hour of the week, in UTC.
using Hours = std::array<double, kWeekHours>;

/// What listeners are like on average, by trying some.
class Sample {
 public:
  Sample(const SimulationSpec& spec, std::int64_t now_ms)
      : habits_(spec.behaviour),
        of_weeks_(without_holidays(spec.behaviour)),
        has_holidays_(!spec.behaviour.holidays.empty()),
        charts_(charts_of(spec)),
        songs_(event::catalogue(spec.songs)) {
    const Population population = population_of(spec);
    for (std::uint32_t number = 0; number < kTried; ++number) {
      people_.push_back(population.person(number % spec.users));
      people_.back().bot = false;
    }
    charts_.advance(now_ms);
    listener_ = session(people_.front(), 0, now_ms);
    for (std::uint32_t number = 1; number < kTried; ++number) {
      const Tried one = session(people_[number], number, now_ms);
      listener_.events += one.events;
      listener_.hours += one.hours;
    }
    listener_.events /= kTried;
    listener_.hours /= kTried;
    // A play and a skip each.
    bot_.events = 2 * spec.behaviour.bot_songs;
    bot_.hours = spec.behaviour.bot_songs * (spec.behaviour.bot_heard_s + spec.behaviour.think_s) / 3'600;
  }

  const Tried& listener() const { return listener_; }

  /// By which part of that listeners begin sessions in the hours before now, the last one first.
  std::vector<double> on_holidays(std::int64_t now_ms, std::int64_t hours) const {
    std::vector<double> parts(static_cast<std::size_t>(hours), 1);
    if (!has_holidays_) return parts;
    for (std::int64_t hour = 0; hour < hours; ++hour) {
      double sum = 0;
      for (const Person& person : people_)
        sum += static_cast<double>(habits_.holiday_factor(person, now_ms - (hour + 1) * kHourMs));
      parts[static_cast<std::size_t>(hour)] = sum * 0x1.0p-32 / kTried;
    }
    return parts;
  }

  /// Without holidays.
  Hours hours(const Behaviour& behaviour) const {
    Hours events{};
    const double bot = events_of(behaviour.bot_sessions_a_day, bot_);
    for (std::size_t hour = 0; hour < kWeekHours; ++hour) {
      double people = 0;
      // Hour 0 of the week is Monday's; a week in, so that no time zone goes below 0.
      const std::int64_t at = (4 + 7) * kDayMs + static_cast<std::int64_t>(hour) * kHourMs;
      for (const Person& person : people_) {
        const double keenness = static_cast<double>(of_weeks_.keenness(person, person.home, at)) * 0x1.0p-32;
        people += events_of(behaviour.sessions_a_day * keenness, listener_) / kTried;
      }
      events[hour] = (1 - behaviour.bots) * people + behaviour.bots * bot;
    }
    return events;
  }

 private:
  static Behaviour without_holidays(Behaviour behaviour) {
    behaviour.holidays.clear();
    return behaviour;
  }

  /// In an hour. Nobody begins a session who is in one.
  static double events_of(double sessions_a_day, const Tried& session) {
    const double sessions = sessions_a_day / 24;
    return sessions * session.events / (1 + sessions * session.hours);
  }

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
  Habits of_weeks_;
  bool has_holidays_;
  Charts charts_;
  std::vector<event::Song> songs_;
  std::vector<Person> people_;
  Tried listener_;
  Tried bot_;
};

Behaviour times_as_often(Behaviour behaviour, double factor) {
  for (double* rate : {&behaviour.sessions_a_day, &behaviour.bot_sessions_a_day})
    *rate = std::clamp(*rate * factor, kSessionsADayMin, kSessionsADayMax);
  return behaviour;
}

}  // namespace

SimulationSpec listeners_ending_at(SimulationSpec spec, UtcMillis now, std::uint32_t days) {
  const std::int64_t now_ms = now.time_since_epoch().count();
  spec.start = now;
  if (!checked(spec)) return spec;  // who opens it is told why
  const Sample sample(spec, now_ms);
  const double sessions = static_cast<double>(spec.events) / sample.listener().events;
  const double wanted =
      static_cast<double>(spec.events) * (1 + kSpanMargin / std::sqrt(std::max(sessions, 1.0)));
  // The events of a session come, on average, its length after it begins.
  const auto lag = static_cast<std::int64_t>(std::ceil(sample.listener().hours));
  const std::vector<double> parts =
      sample.on_holidays(now_ms, std::max<std::int64_t>(kLongestHours, static_cast<std::int64_t>(days) * 24));
  const auto events_in = [&](const Hours& hours, std::int64_t hour) {
    return hours[hour_of_week(now_ms - (hour + 1) * kHourMs)] * parts[static_cast<std::size_t>(hour)] *
           spec.users;
  };
  const auto events_between = [&](const Behaviour& behaviour, std::int64_t newest, std::int64_t oldest) {
    const Hours hours = sample.hours(behaviour);
    double events = 0;
    for (std::int64_t hour = newest; hour < oldest; ++hour) events += events_in(hours, hour);
    const double growth = 1 + (behaviour.joining - behaviour.leaving) * static_cast<double>(oldest) / 24 / 60;
    return events * std::max(growth, 0.1);
  };
  if (days > 0) {
    const std::int64_t oldest = static_cast<std::int64_t>(days) * 24;
    double low = kSessionsADayMin / kSessionsADayMax, high = kSessionsADayMax / kSessionsADayMin;
    for (int halving = 0; halving < kHalvings; ++halving) {
      const double middle = std::sqrt(low * high);
      (events_between(times_as_often(spec.behaviour, middle), lag, oldest) < wanted ? low : high) = middle;
    }
    spec.behaviour = times_as_often(spec.behaviour, high);
    if (events_between(spec.behaviour, lag, oldest) >= wanted * 0.999) {
      spec.start = now - std::chrono::hours(oldest);
      return spec;
    }
  }
  const Hours hours = sample.hours(spec.behaviour);
  double able = 0;
  std::int64_t hour = lag;
  for (; able < wanted && hour < kLongestHours; ++hour) able += events_in(hours, hour);
  spec.start = now - std::chrono::hours(hour);
  return spec;
}

}  // namespace sdp::simulate
