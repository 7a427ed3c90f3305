#include "sink/sink_rules.h"

#include <algorithm>
#include <utility>

#include "lake/object_key.h"

namespace sdp::sink {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;

OutageClock::Failure OutageClock::failed(SteadyTime now) {
  const bool begins = !since_;
  if (begins) since_ = now;
  if (now - *since_ > max_) return Failure::exceeded;
  return begins ? Failure::begun : Failure::lasting;
}

std::optional<milliseconds> OutageClock::answered(SteadyTime now) {
  if (!since_) return std::nullopt;
  return duration_cast<milliseconds>(now - *std::exchange(since_, std::nullopt));
}

milliseconds OutageClock::lasts(SteadyTime now) const {
  return since_ ? duration_cast<milliseconds>(now - *since_) : milliseconds(0);
}

void CaughtUpRule::begin(SteadyTime now) {
  if (begun_at_) return;
  begun_at_ = now;
  moved_at_ = now;
}

void CaughtUpRule::assigned(SteadyTime now) {
  assigned_ = true;
  moved_at_ = now;
}

void CaughtUpRule::ended(log::Partition partition, log::Offset end, SteadyTime asked_at) {
  if (begun_at_ && asked_at >= *begun_at_) ends_.try_emplace(partition, end);
}

std::optional<log::Offset> CaughtUpRule::end_of(log::Partition partition) const {
  const auto at = ends_.find(partition);
  return at == ends_.end() ? std::nullopt : std::optional(at->second);
}

CaughtUpRule::Others CaughtUpRule::others(SteadyTime now) {
  if (now - moved_at_ > session_timeout_ + timers_.others_are_late) return Others::expired;
  if (looked_at_ && now - *looked_at_ < timers_.others_check_interval) return Others::wait;
  looked_at_ = now;
  return Others::look;
}

std::optional<lake::Hour> HourSchedule::over_by_object(UtcMillis first_timestamp) {
  if (!lake::has_time(first_timestamp)) return std::nullopt;
  return lake::hour_of(first_timestamp) - hours(1);
}

lake::Hour HourSchedule::over_by_clock(UtcMillis now) const {
  return lake::hour_of(now - grace_) - hours(1);
}

bool HourSchedule::wants_end(log::Partition partition, lake::Hour through) const {
  const auto at = ended_.find(partition);
  return at == ended_.end() || at->second.through < through;
}

void HourSchedule::ended(log::Partition partition, lake::Hour through, log::Offset end) {
  if (wants_end(partition, through)) ended_[partition] = {through, end};
}

std::optional<lake::Hour> HourSchedule::over_by_end(log::Partition partition, log::Offset durable) const {
  const auto at = ended_.find(partition);
  if (at == ended_.end() || durable < at->second.end) return std::nullopt;
  return at->second.through;
}

bool HourSchedule::ask(log::Partition partition, lake::Hour through) {
  const auto [at, first] = asked_through_.try_emplace(partition, through);
  if (!first && at->second >= through) return false;
  at->second = through;
  return true;
}

bool HourSchedule::was_asked(log::Partition partition, lake::Hour through) const {
  const auto at = asked_through_.find(partition);
  return at != asked_through_.end() && at->second >= through;
}

void HourSchedule::closed(log::Partition partition, lake::Hour through) {
  lake::Hour& last = closed_through_.try_emplace(partition, through).first->second;
  last = std::max(last, through);
}

std::int64_t HourSchedule::open_hours(log::Partition partition, lake::Hour through) {
  const lake::Hour last = closed_through_.try_emplace(partition, through - hours(1)).first->second;
  return std::max<std::int64_t>(0, duration_cast<hours>(through - last).count());
}

bool HourSchedule::look(SteadyTime now) {
  if (!looked_at_) looked_at_ = now;
  if (now - *looked_at_ < timers_.hour_check_interval) return false;
  looked_at_ = now;
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    asked_through_.clear();
  }
  return true;
}

void HourSchedule::failed(SteadyTime now) {
  if (!retry_at_) retry_at_ = now + timers_.hour_retry_interval;
}

}  // namespace sdp::sink
