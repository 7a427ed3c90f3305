#include "verify/event_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace sdp::verify {
namespace {

// One overload a type: the text that silver's column must show.
void show(std::string& out, const Uuid& uuid) {
  base::append_uuid(out, uuid);
}
void show(std::string& out, event::EventType type) {
  out = event::name(type);
}
void show(std::string& out, event::DeviceType type) {
  out = event::name(type);
}
void show(std::string& out, const event::Country& country) {
  out = country.view();
}
void show(std::string& out, const std::string& text) {
  out = text;
}
void show(std::string& out, std::int64_t number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}

template <typename T>
bool show_column(std::string& out, const T& value, int below_ms) {
  out.clear();
  if constexpr (std::is_same_v<T, UtcMillis>) {
    show(out, 1'000 * value.time_since_epoch().count() + below_ms);
  } else if constexpr (event::kIsOptional<T>) {
    return value && show_column(out, *value, below_ms);
  } else {
    show(out, value);
  }
  return true;
}

/// Calls `visit(i, text)` for each column, with nothing for an absent one.
template <typename Visit>
void each_column(const event::ListeningEvent& event, int below_ms, Visit visit) {
  std::string text;
  std::size_t i = 0;
  const auto one = [&](const auto& value) {
    const bool present = show_column(text, value, below_ms);
    visit(i++, present ? std::optional<std::string_view>(text) : std::nullopt);
  };
  std::apply([&](const auto&... values) { (one(values), ...); }, event::members(event));
}

}  // namespace

std::uint32_t Interner::user(const Uuid& user_id) {
  const auto next = static_cast<std::uint32_t>(users_.size());
  const std::uint32_t number = user_index_.find_or_add(
      UuidHash{}(user_id), next, [&](std::uint32_t n) { return users_[n] == user_id; },
      [&](std::uint32_t n) { return UuidHash{}(users_[n]); });
  if (number == next) users_.push_back(user_id);
  return number;
}

std::uint64_t Interner::hash_of(const Uuid& id, std::string_view name, std::string_view artist) {
  return hash_.add(std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()))
      .add(name)
      .add(artist)
      .take();
}

std::uint32_t Interner::song(const event::ListeningEvent& event) {
  const auto next = static_cast<std::uint32_t>(songs_.size());
  const auto same = [&](std::uint32_t n) {
    const SongName& song = songs_[n];
    return song.song_id == event.song_id && song.song_name == event.song_name &&
           song.artist_name == event.artist_name;
  };
  const std::uint32_t number = song_index_.find_or_add(
      hash_of(event.song_id, event.song_name, event.artist_name), next, same, [&](std::uint32_t n) {
        return hash_of(songs_[n].song_id, songs_[n].song_name, songs_[n].artist_name);
      });
  if (number == next) songs_.push_back({event.song_id, event.song_name, event.artist_name});
  return number;
}

EventColumns columns_of(const event::ListeningEvent& event, int below_ms) {
  EventColumns columns;
  each_column(event, below_ms, [&](std::size_t i, std::optional<std::string_view> text) {
    if (text) columns[i] = std::string(*text);
  });
  return columns;
}

std::uint64_t FactReader::hash_of(const event::ListeningEvent& event, int below_ms) {
  each_column(event, below_ms, [&](std::size_t, std::optional<std::string_view> text) { hash_.add(text); });
  return hash_.take();
}

Result<FactReader::Read> FactReader::read(std::string_view json) {
  SDP_TRY(event::Verdict verdict, decoder_.decode(json));
  if (!verdict) return Read{std::move(verdict).error(), {}};
  const event::ListeningEvent& event = *verdict;
  EventFact fact;
  fact.event_id = event.event_id;
  fact.columns = hash_of(event, decoder_.timestamp_below_ms());
  fact.user = interner_.user(event.user_id);
  fact.song = interner_.song(event);
  fact.day = static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(event.timestamp).time_since_epoch().count());
  fact.type = event.event_type;
  fact.device = event.device_type;
  fact.country = event.country;
  return Read{{}, fact};
}

}  // namespace sdp::verify
