#include "simulate/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <tuple>

#include "base/encoding.h"
#include "base/utc_time.h"

namespace sdp::simulate {
namespace {

using event::EventType;

void append_row(std::string& out, const TopSong& song) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"song_id":"{}","song_name":{},"artist_name":{},"total_plays":{},"total_skips":{}}})",
                 base::to_string(song.song_id), base::json_string(song.song_name),
                 base::json_string(song.artist_name), song.total_plays, song.total_skips);
}

void append_row(std::string& out, const EngagementRow& row) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"user_id":"{}","device_type":"{}","country":"{}","total_plays":{},"total_skips":{},"playlist_adds":{},"day":"{}"}})",
      base::to_string(row.key.user_id), name(row.key.device_type), row.key.country.view(),
      row.counts.total_plays, row.counts.total_skips, row.counts.playlist_adds,
      base::format_date(row.key.day));
}

/// One row a line, so that two oracles can be compared by eye.
template <typename Row>
void append_table(std::string& out, std::string_view table, const std::vector<Row>& rows) {
  fmt::format_to(std::back_inserter(out), ",\n\"{}\":[", table);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.append(i == 0 ? "\n" : ",\n");
    append_row(out, rows[i]);
  }
  out.append("]");
}

}  // namespace

std::size_t Oracle::Hash::operator()(const Uuid& id) const {
  std::size_t words[2];
  static_assert(sizeof words == sizeof id.bytes);
  std::memcpy(words, id.bytes.data(), sizeof words);
  return words[0] ^ (words[1] * 0x9e3779b97f4a7c15ULL);
}

std::size_t Oracle::Hash::operator()(const EngagementKey& key) const {
  const auto rest = static_cast<std::size_t>(key.day.time_since_epoch().count()) << 24 |
                    static_cast<std::size_t>(key.country.letters[0]) << 16 |
                    static_cast<std::size_t>(key.country.letters[1]) << 8 |
                    std::to_underlying(key.device_type);
  return (*this)(key.user_id) ^ (rest * 0xbf58476d1ce4e5b9ULL);
}

void Oracle::add(const event::ListeningEvent& event) {
  ++by_type_[std::to_underlying(event.event_type)];
  const auto [place, is_new] = songs_.try_emplace(event.song_id);
  TopSong& song = place->second;
  // Should one song come with several names, the marts show the smallest.
  if (is_new || event.song_name < song.song_name) song.song_name = event.song_name;
  if (is_new || event.artist_name < song.artist_name) song.artist_name = event.artist_name;
  Engagement& engagement = engagement_[{event.user_id, event.device_type, event.country,
                                        std::chrono::floor<std::chrono::days>(event.timestamp)}];
  switch (event.event_type) {
    case EventType::play:
      ++song.total_plays;
      ++engagement.total_plays;
      break;
    case EventType::skip:
      ++song.total_skips;
      ++engagement.total_skips;
      break;
    case EventType::add_to_playlist:
      ++engagement.playlist_adds;
      break;
    case EventType::pause:
      break;
  }
}

void Oracle::add_duplicate(const event::ListeningEvent&) {
  ++duplicates_;
}

void Oracle::add_rejected(std::string_view reason, std::string_view field) {
  ++rejected_[{std::string(reason), std::string(field)}];
}

std::uint64_t Oracle::rejected() const {
  std::uint64_t sum = 0;
  for (const auto& [what, count] : rejected_) sum += count;
  return sum;
}

std::uint64_t Oracle::events() const {
  return std::accumulate(by_type_.begin(), by_type_.end(), std::uint64_t{0});
}

std::vector<TopSong> Oracle::top_songs() const {
  std::vector<TopSong> rows;
  rows.reserve(songs_.size());
  for (const auto& [id, song] : songs_) {
    rows.push_back(song);
    rows.back().song_id = id;
  }
  std::ranges::sort(rows, [](const TopSong& a, const TopSong& b) {
    return std::tie(b.total_plays, a.song_id) < std::tie(a.total_plays, b.song_id);
  });
  return rows;
}

std::vector<EngagementRow> Oracle::user_engagement() const {
  std::vector<EngagementRow> rows;
  rows.reserve(engagement_.size());
  for (const auto& [key, counts] : engagement_) rows.push_back({key, counts});
  std::ranges::sort(rows, {}, &EngagementRow::key);
  return rows;
}

std::string Oracle::to_json() const {
  std::string out = fmt::format("{{\"version\":1,\"events\":{},\n\"events_by_type\":{{", events());
  for (std::size_t i = 0; i < by_type_.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", i == 0 ? "" : ",", event::kEventTypes[i],
                   by_type_[i]);
  }
  out.append("}");
  append_table(out, "top_songs", top_songs());
  append_table(out, "user_engagement", user_engagement());
  out.append("}\n");
  return out;
}

}  // namespace sdp::simulate
