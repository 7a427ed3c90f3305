#include "event/catalogue.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/check.h"
#include "base/rng.h"

namespace sdp::event {
namespace {

// Invented names, with letters beyond ASCII and quotes, which every stage must carry unharmed.
constexpr auto kFirstWords = std::to_array<std::string_view>(
    {"Amber",  "Broken", "Candid", "Crystal", "Déjà",      "Distant", "Electric", "Faded",    "Gentle",
     "Golden", "Hollow", "Iron",   "Junebug", "Kinetic",   "Lunar",   "Marble",   "Midnight", "Neon",
     "Ocean",  "Paper",  "Quiet",  "Rainy",   "Señorita",  "Scarlet", "Silent",   "Sleepy",   "Solar",
     "Tender", "Über",   "Velvet", "Violet",  "Wandering", "Winter",  "Yellow",   "Zephyr",   "Żółty"});
constexpr auto kSecondWords = std::to_array<std::string_view>(
    {"Antenna", "Balloon",   "Café",   "Canoe",  "Carousel", "Compass",  "Daydream", "Accordion", "Ember",
     "Ferry",   "Garden",    "Harbor", "Hotel",  "Island",   "Jukebox",  "Kite",     "Lantern",   "Letter",
     "Meadow",  "Mirror",    "Océano", "Parade", "Planet",   "Radio",    "River",    "Satellite", "Shadow",
     "Signal",  "Staircase", "Subway", "Tide",   "Tornado",  "Umbrella", "Valley",   "Weather",   "雨"});
constexpr auto kBandForms =
    std::to_array<std::string_view>({"The {} {}s", "{} {}", "{} & the {}s", "DJ {} {}", "{} {} Trio"});
constexpr auto kTitleForms =
    std::to_array<std::string_view>({"{} {}", "{} {}", "{} {}", "My {} {}", "{} {} (Live)",
                                     "{} {} - \"Acoustic\"", "Don't Wake the {} {}", "{} {}, Pt. 2"});

/// The list is fixed: another number would be another catalogue.
constexpr std::uint64_t kCatalogueSeed = 20'260'215;

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& words, Rng& rng) {
  return words[rng.below(N)];
}

/// `form` with its two {} filled.
std::string fill(std::string_view form, std::string_view first, std::string_view second) {
  std::string text;
  for (const auto word : {first, second}) {
    const std::size_t hole = form.find("{}");
    text.append(form.substr(0, hole)).append(word);
    form.remove_prefix(hole + 2);
  }
  return text.append(form);
}

template <std::size_t N>
std::string invent(const std::array<std::string_view, N>& forms, Rng& rng) {
  const auto form = pick(forms, rng);
  const auto first = pick(kFirstWords, rng);
  return fill(form, first, pick(kSecondWords, rng));
}

Song song(std::string_view artist, std::string_view name, std::int64_t duration_ms) {
  return {song_id(artist, name), std::string(name), std::string(artist), duration_ms};
}

/// About 2 to 5 minutes, most of them near the middle.
std::int64_t invent_duration(Rng& rng) {
  return 120'000 + static_cast<std::int64_t>(rng.below(90'000) + rng.below(90'000));
}

}  // namespace

Uuid song_id(std::string_view artist, std::string_view name) {
  return base::uuid5(base::kNamespaceDns, std::string(artist).append("::").append(name));
}

std::vector<Song> seed_catalogue() {
  return {song("Ed Sheeran", "Shape of You", 234'000), song("The Weeknd", "Blinding Lights", 200'000),
          song("Dua Lipa", "Levitating", 203'000),     song("Drake", "God's Plan", 199'000),
          song("Taylor Swift", "Love Story", 236'000), song("Kanye West", "Stronger", 312'000)};
}

std::vector<Song> catalogue(std::size_t songs) {
  SDP_ASSERT(songs <= kCatalogueMax);
  std::vector<Song> list = seed_catalogue();
  std::unordered_set<std::string> taken;
  Rng rng(kCatalogueSeed);
  while (list.size() < songs) {
    const std::string artist = invent(kBandForms, rng);
    const std::string name = invent(kTitleForms, rng);
    const std::int64_t duration_ms = invent_duration(rng);
    if (taken.insert(std::string(artist).append("::").append(name)).second)
      list.push_back(song(artist, name, duration_ms));
  }
  list.resize(std::min(songs, list.size()));
  return list;
}

}  // namespace sdp::event
