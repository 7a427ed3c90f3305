#include "simulate/oracle.h"

#include <algorithm>
#include <cstring>

namespace sdp::simulate {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;

/// What a record was, in the digest.
enum class Told : std::uint64_t { kept = 1, duplicate = 2, rejected = 3 };

template <typename Numbers, typename Key, typename List, typename Kept>
std::uint32_t number_of(Numbers& numbers, const Key& key, List& list, Kept&& kept) {
  if (const auto found = numbers.find(key); found != numbers.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(list.size());
  list.push_back(std::forward<Kept>(kept));
  numbers.emplace(list.back(), number);
  return number;
}

}  // namespace

std::size_t Oracle::Hash::operator()(const Uuid& id) const {
  std::size_t words[2];
  static_assert(sizeof words == sizeof id.bytes);
  std::memcpy(words, id.bytes.data(), sizeof words);
  return words[0] ^ (words[1] * 0x9e3779b97f4a7c15ULL);
}

void Oracle::begin_run(bool another_log) {
  digest_ = 0;
  if (another_log && !facts_.empty()) logs_.push_back(facts_.size());
}

void Oracle::expect(std::uint64_t events) {
  facts_.reserve(facts_.size() + std::min(events, events_max_ - std::min(events_max_, kept())));
}

void Oracle::add(const event::ListeningEvent& event, std::chrono::microseconds finer) {
  note(event.event_id, std::to_underlying(Told::kept));
  if (kept() == events_max_) {
    is_full_ = true;
    return;
  }
  Fact& fact = facts_.emplace_back();
  fact.at_us = std::chrono::microseconds(event.timestamp.time_since_epoch() + finer).count();
  fact.position_ms = event.position_ms.value_or(Fact::kUnknown);
  fact.duration_ms = event.duration_ms.value_or(Fact::kUnknown);
  fact.listener = listener_of(event.user_id);
  fact.spelling = spelling_of(event);
  fact.session = session_of(fact.listener, event.session_id);
  fact.type = event.event_type;
  fact.device = event.device_type;
  fact.country = event.country;
  if (fact.at_us < latest_us_) ++late_by_hours_[(latest_us_ - fact.at_us) / kHourUs];
  latest_us_ = std::max(latest_us_, fact.at_us);
}

void Oracle::add_duplicate(const event::ListeningEvent& event) {
  ++duplicates_;
  note(event.event_id, std::to_underlying(Told::duplicate));
}

void Oracle::add_rejected(std::string_view reason, std::string_view field) {
  ++rejected_total_;
  ++rejected_[{std::string(reason), std::string(field)}];
  note(std::to_underlying(Told::rejected));
  for (const std::string_view text : {reason, field}) {
    for (const char letter : text) note(static_cast<unsigned char>(letter));
  }
}

bool Oracle::is_of_another_log(std::size_t fact, std::size_t other) const {
  if (has_logs_by_type_ && facts_[fact].type != facts_[other].type) return true;
  return std::ranges::upper_bound(logs_, fact) != std::ranges::upper_bound(logs_, other);
}

std::uint32_t Oracle::listener_of(const Uuid& id) {
  const std::uint32_t number = number_of(listener_numbers_, id, listeners_, id);
  if (number == last_sessions_.size()) last_sessions_.push_back(0);
  return number;
}

std::uint32_t Oracle::artist_of(std::string_view name) {
  return number_of(artist_numbers_, name, artists_, std::string(name));
}

std::uint32_t Oracle::spelling_of(const event::ListeningEvent& event) {
  const std::uint32_t song = number_of(song_numbers_, event.song_id, songs_, event.song_id);
  if (song == song_spellings_.size()) song_spellings_.emplace_back();
  for (const std::uint32_t spelling : song_spellings_[song]) {
    const Spelling& known = spellings_[spelling];
    if (known.name == event.song_name && artists_[known.artist] == event.artist_name) return spelling;
  }
  const auto number = static_cast<std::uint32_t>(spellings_.size());
  spellings_.push_back({song, artist_of(event.artist_name), event.song_name});
  song_spellings_[song].push_back(number);
  return number;
}

std::uint32_t Oracle::session_of(std::uint32_t listener, const std::optional<std::string>& id) {
  if (!id) return 0;
  std::uint32_t& last = last_sessions_[listener];
  if (last == 0 || sessions_[last] != *id) last = number_of(session_numbers_, *id, sessions_, *id);
  return last;
}

void Oracle::note(std::uint64_t value) {
  digest_ = (digest_ ^ value) * 0x9e3779b97f4a7c15ULL;
  digest_ ^= digest_ >> 29;
}

void Oracle::note(const Uuid& id, std::uint64_t what) {
  std::uint64_t words[2];
  std::memcpy(words, id.bytes.data(), sizeof words);
  note(words[0]);
  note(words[1] ^ what);
}

}  // namespace sdp::simulate
