#include "simulate/listeners_source.h"

#include <algorithm>

#include "simulate/streams.h"

namespace sdp::simulate {
namespace {

constexpr int kTimeBits = 20;
constexpr std::int64_t kMonthMs = 30 * kDayMs;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::uint64_t kNumbersMax = 0xffff'fff0;

// Streams of a spec's generators. Another number would be another stream.
constexpr std::uint64_t kPeople = 0x70656f706c65;
constexpr std::uint64_t kSongs = 0x736f6e6773;
constexpr std::uint64_t kArrivals = 0x6172726976616c73;
constexpr std::uint64_t kSessions = 0x73657373696f6e73;

std::int64_t ms_of(UtcMillis time) {
  return time.time_since_epoch().count();
}

/// How many of `users` a share in 30 days is after some time.
std::uint64_t part_of(std::uint32_t users, std::uint64_t share, std::int64_t since_ms) {
  const Wide a_month = static_cast<Wide>(users) * share;
  return static_cast<std::uint64_t>(a_month * static_cast<std::uint64_t>(since_ms) / kMonthMs >> 32);
}

}  // namespace

Population population_of(const SimulationSpec& spec) {
  return {spec.behaviour, listeners_rng(spec).fork(kPeople)};
}

Charts charts_of(const SimulationSpec& spec) {
  return {spec.behaviour, spec.songs, listeners_rng(spec).fork(kSongs), happenings_rng(spec).fork(kSongs),
          ms_of(spec.start)};
}

ListenersSource::ListenersSource(const SimulationSpec& spec)
    : SimulatedSource(spec),
      habits_(spec.behaviour),
      population_(population_of(spec)),
      songs_(event::catalogue(spec.songs)),
      charts_(charts_of(spec)),
      happenings_(happenings_rng(spec).fork(kSessions)),
      arrivals_(happenings_rng(spec).fork(kArrivals)),
      start_ms_(ms_of(spec.start)),
      end_ms_(ms_of(end_time(spec))),
      joining_(to_q32(spec.behaviour.joining)),
      leaving_(to_q32(spec.behaviour.leaving)),
      users_(spec.users),
      next_arrival_(static_cast<std::uint64_t>(start_ms_) << kTimeBits) {
  advance(start_ms_);
  plan_arrival();
}

void ListenersSource::produce(event::ListeningEvent& event) {
  for (;;) {
    while (turns_.empty() || arrival_ms() <= turns_.first().due) {
      if (arrival_ms() >= end_ms_ && turns_.empty()) {
        event.timestamp = UtcMillis(std::chrono::milliseconds(end_ms_));
        return;
      }
      arrive();
    }
    const Turn turn = turns_.first();
    Player& player = players_[turn.slot];
    if (player.ends()) {
      turns_.remove_first();
      end_session(turn.slot);
      continue;
    }
    advance(turn.due);
    player.act({habits_, charts_, songs_}, event);
    turns_.replace_first({player.due(), turn.slot});
    return;
  }
}

std::int64_t ListenersSource::arrival_ms() const {
  return static_cast<std::int64_t>(next_arrival_ >> kTimeBits);
}

void ListenersSource::plan_arrival() {
  next_arrival_ += times(draw_exponential(arrivals_), arrival_gap_);
}

/// Somebody may begin a session: everybody is asked as often as the keenest would begin, and says yes as
/// often as they are keen (Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning",
/// 1979).
void ListenersSource::arrive() {
  const std::int64_t now = arrival_ms();
  advance(now);
  plan_arrival();
  const auto number = static_cast<std::uint32_t>(left_ + arrivals_.below(joined_ - left_));
  const Person person = population_.person(number);
  const bool at_home = person.bot || happens(arrivals_, habits_.home_device);
  const auto device = at_home ? person.home : static_cast<event::DeviceType>(habits_.devices.pick(arrivals_));
  const std::uint64_t keenness = habits_.keenness(person, device, now);
  const std::uint64_t asked =
      static_cast<std::uint64_t>(static_cast<Wide>(arrivals_.next()) * habits_.keenness_max >> 64);
  if (asked >= keenness || listens_[number]) return;
  begin_session(number, person, device, now);
}

/// What changes slowly is looked at once a minute.
void ListenersSource::advance(std::int64_t now_ms) {
  const std::int64_t minute = now_ms / kMinuteMs;
  if (minute == minute_) return;
  minute_ = minute;
  const std::int64_t since = now_ms - start_ms_;
  joined_ = std::min(users_ + part_of(users_, joining_, since), kNumbersMax);
  left_ = std::min(part_of(users_, leaving_, since), joined_ - 1);
  listens_.resize(joined_);
  const Wide asked_a_day =
      static_cast<Wide>(times(habits_.sessions_a_day, habits_.keenness_max)) * (joined_ - left_);
  arrival_gap_ = static_cast<std::uint64_t>((static_cast<Wide>(kDayMs) << (kTimeBits + 32)) / asked_a_day);
  charts_.advance(now_ms);
}

void ListenersSource::begin_session(std::uint32_t number, const Person& person, event::DeviceType device,
                                    std::int64_t now_ms) {
  const Player player({habits_, charts_, songs_}, person, number, device, now_ms,
                      happenings_.fork(sessions_++));
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(players_.size());
    players_.push_back(player);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    players_[slot] = player;
  }
  listens_[number] = true;
  turns_.add({player.due(), slot});
}

void ListenersSource::end_session(std::uint32_t slot) {
  listens_[players_[slot].number()] = false;
  free_slots_.push_back(slot);
}

}  // namespace sdp::simulate
