#include "simulate/player.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "simulate/listening.h"

namespace sdp::simulate {
namespace {

using event::DeviceType;
using event::EventType;

constexpr std::uint32_t kNoPosition = std::numeric_limits<std::uint32_t>::max();
/// Of skips, the largest share that age, weekday, song and arm can add up to.
constexpr std::uint64_t kSkippedMax = kOne / 100 * 98;

/// By arm of the experiment, then version.
constexpr std::string_view kVersionsByArm[2][kVersions] = {{"9.0.46", "9.1.2", "9.1.10", "9.2.0"},
                                                           {"9.0.46+b", "9.1.2+b", "9.1.10+b", "9.2.0+b"}};

}  // namespace

Player::Player(const Stage& stage, const Person& person, std::uint32_t number, DeviceType device,
               std::int64_t now_ms, Rng rng)
    : rng_(rng),
      person_(person),
      session_(rng_.next()),
      due_(now_ms),
      number_(number),
      hour_begin_(now_ms),
      device_(device) {
  const std::uint64_t more = person.bot ? stage.habits.more_bot_songs : stage.habits.more_songs;
  songs_left_ = 1 + static_cast<std::uint32_t>(times(draw_exponential(rng_), more) >> 32);
  if (!person.bot && happens(rng_, stage.habits.handed_over))
    hand_over_in_ = 1 + static_cast<std::uint32_t>(rng_.below(songs_left_));
  if (person.bot) song_ = stage.charts.pick_for_bot(rng_);
  plan_next_song(stage, 0);
}

void Player::act(const Stage& stage, event::ListeningEvent& event) {
  write(stage, event);
  decide(stage);
}

std::uint32_t Player::position() const {
  const bool was_playing = action_ != Action::play && action_ != Action::play_on;
  return mark_position_ + (was_playing ? static_cast<std::uint32_t>(due_ - mark_time_) : 0);
}

void Player::write(const Stage& stage, event::ListeningEvent& event) {
  constexpr EventType kTypes[] = {EventType::play, EventType::play, EventType::pause, EventType::skip,
                                  EventType::add_to_playlist};
  simulate::write({.event_id = base::uuid4(rng_),
                   .type = kTypes[std::to_underlying(action_)],
                   .user = person_.user,
                   .device = device_,
                   .country = stage.habits.countries[person_.country],
                   .at_ms = due_,
                   .session = session_,
                   .position_ms = position(),
                   .app_version = kVersionsByArm[person_.arm_b ? 1 : 0][person_.version]},
                  stage.songs[song_], event);
}

void Player::decide(const Stage& stage) {
  mark_position_ = position();
  mark_time_ = due_;
  switch (action_) {
    case Action::play:
      begin_song(stage);
      return plan_while_playing(stage);
    case Action::add:
      add_at_ = kNoPosition;
      return plan_while_playing(stage);
    case Action::play_on:
      return plan_while_playing(stage);
    case Action::pause:
      return plan_while_paused(stage);
    case Action::skip:
      return plan_next_song(stage, 1 + draw_exponential(rng_, stage.habits.think_ms));
    case Action::end:
      std::unreachable();
  }
}

void Player::plan(Action action, std::uint64_t delay) {
  action_ = action;
  due_ += static_cast<std::int64_t>(delay);
}

/// What becomes of the song that began just now.
void Player::begin_song(const Stage& stage) {
  const auto duration = static_cast<std::uint32_t>(stage.songs[song_].duration_ms);
  add_at_ = hand_over_at_ = kNoPosition;
  if (person_.bot) {
    stop_at_ = std::min(stage.habits.bot_heard_ms, duration - 1);
    skips_this_ = true;
    return;
  }
  const std::uint64_t share = times(stage.habits.skip_share(person_, due_), stage.charts.song(song_).skips);
  skips_this_ = happens(rng_, std::min(share, kSkippedMax)) && may_skip(stage, due_);
  stop_at_ = skips_this_ ? skip_position(stage, duration) : duration;
  if (happens(rng_, stage.habits.added)) add_at_ = 1 + static_cast<std::uint32_t>(rng_.below(stop_at_));
  if (hand_over_in_ == 1) hand_over_at_ = 1 + static_cast<std::uint32_t>(rng_.below(stop_at_));
  if (hand_over_in_ > 0) --hand_over_in_;
}

bool Player::may_skip(const Stage& stage, std::int64_t now_ms) {
  const std::uint32_t limit = stage.habits.free_skips_an_hour;
  if (limit == 0 || person_.pays || device_ != DeviceType::mobile) return true;
  if (now_ms - hour_begin_ >= kHourMs) {
    hour_begin_ = now_ms;
    skips_ = 0;
  }
  return ++skips_ <= limit;
}

/// In three pieces, evenly within each.
std::uint32_t Player::skip_position(const Stage& stage, std::uint32_t duration) {
  const std::uint64_t piece = rng_.next() >> 32;
  std::uint32_t begin = 30'000, end = duration - 1;
  if (piece < stage.habits.of_skips_5s) {
    begin = 0;
    end = 5'000;
  } else if (piece < stage.habits.of_skips_30s) {
    begin = 5'000;
    end = 30'000;
  }
  end = std::min(end, duration - 1);
  begin = std::min(begin, end - 1);
  return begin + 1 + static_cast<std::uint32_t>(rng_.below(end - begin));
}

/// What comes first of skip, pause, add and hand-over happens, unless the song ends before.
void Player::plan_while_playing(const Stage& stage) {
  std::uint32_t pause_at = kNoPosition;
  if (!person_.bot && stage.habits.pause_after_ms > 0) {
    pause_at = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        mark_position_ + 1 + static_cast<std::uint64_t>(draw_exponential(rng_, stage.habits.pause_after_ms)),
        kNoPosition));
  }
  // One that would be at the moment of another has been passed by then, and is a millisecond later.
  const std::uint32_t add_at = add_at_ == kNoPosition ? kNoPosition : std::max(add_at_, mark_position_ + 1);
  const std::uint32_t hand_over_at =
      hand_over_at_ == kNoPosition ? kNoPosition : std::max(hand_over_at_, mark_position_ + 1);
  const std::uint32_t next = std::min({pause_at, add_at, hand_over_at});
  if (next >= stop_at_) {
    const std::uint64_t rest = stop_at_ - mark_position_;
    if (skips_this_) return plan(Action::skip, std::max<std::uint64_t>(rest, 1));
    return plan_next_song(stage, rest + stage.habits.autoplay_ms);
  }
  if (next == hand_over_at) {
    handing_over_ = true;
    hand_over_at_ = kNoPosition;
    return plan(Action::pause, next - mark_position_);
  }
  plan(next == add_at ? Action::add : Action::pause, next - mark_position_);
}

void Player::plan_while_paused(const Stage& stage) {
  if (handing_over_) {
    handing_over_ = false;
    device_ = other_device(stage);
    return plan(Action::play_on,
                1 + static_cast<std::uint64_t>(draw_exponential(rng_, stage.habits.hand_over_ms)));
  }
  if (happens(rng_, stage.habits.left_while_paused)) return plan(Action::end, 1);
  plan(Action::play_on, 1 + static_cast<std::uint64_t>(draw_exponential(rng_, stage.habits.paused_ms)));
}

void Player::plan_next_song(const Stage& stage, std::uint64_t delay) {
  if (songs_left_ == 0) return plan(Action::end, delay);
  --songs_left_;
  mark_position_ = 0;
  if (!person_.bot) song_ = stage.charts.pick(person_, rng_);
  if (!person_.pays && !person_.bot && stage.habits.songs_an_advert > 0) {
    if (songs_since_advert_ == stage.habits.songs_an_advert) {
      songs_since_advert_ = 0;
      delay += stage.habits.advert_ms;
    }
    ++songs_since_advert_;
  }
  plan(Action::play, delay);
}

DeviceType Player::other_device(const Stage& stage) {
  constexpr int kDrawsMax = 16;
  for (int drawn = 0; drawn < kDrawsMax; ++drawn) {
    const auto device = static_cast<DeviceType>(stage.habits.devices.pick(rng_));
    if (device != device_) return device;
  }
  return device_ == DeviceType::mobile ? DeviceType::desktop : DeviceType::mobile;
}

}  // namespace sdp::simulate
