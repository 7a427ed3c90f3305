#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace sdp::event {

struct Song {
  Uuid id;
  std::string name;
  std::string artist;
  std::int64_t duration_ms = 0;
};

/// uuid5(NAMESPACE_DNS, "Artist::Song"): the same song has the same id in every run, everywhere.
Uuid song_id(std::string_view artist, std::string_view name);

/// The six songs every run of the `seed` profile draws from. Their lengths are made up.
std::vector<Song> seed_catalogue();

/// The first songs of an endless fixed list, most popular first: the six of seed_catalogue(), then invented
/// ones by invented artists, all (artist, name) pairs different. A larger catalogue begins with the smaller
/// one.
std::vector<Song> catalogue(std::size_t songs);

/// How many songs catalogue() can give.
inline constexpr std::size_t kCatalogueMax = 100'000;

}  // namespace sdp::event
