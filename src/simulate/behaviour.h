#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sdp::simulate {

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

/// How the listeners of mix `listeners` behave. What each member means, its unit, its range and where its
/// default is from: behaviour_keys().
struct Behaviour {
  double sessions_a_day = 1.7;
  double songs = 14;
  double think_s = 1.5;
  double autoplay_s = 0.12;
  double added = 0.06;

  double pauses_an_hour = 5;
  double paused_s = 45;
  double left_while_paused = 0.15;

  double skipped_5s = 0.24;
  double skipped_30s = 0.35;
  double skipped = 0.49;
  Numbers skip_by_weekday{0.46, 0.46, 0.46, 0.48, 0.50, 0.53, 0.53};
  Numbers skip_by_age{0.52, 0.42, 0.30, 0.42, 0.42};
  double skip_song_spread = 0.5;

  Numbers ages{20, 30, 22, 18, 10};
  Numbers types{25, 25, 25, 25};
  Numbers early_birds{20, 10, 10, 30, 100, 220, 270, 270, 230, 150, 110, 80,
                      70, 60, 60, 60, 60,  60,  60,  50,  40,  30,  30,  20};
  Numbers working_hours{20,  10,  10,  10,  20,  40,  60, 80, 120, 190, 220, 240,
                        230, 230, 220, 210, 180, 130, 90, 70, 60,  50,  40,  30};
  Numbers evening_listeners{60, 40, 20, 20,  20,  20,  30,  30,  30,  40,  50,  60,
                            70, 80, 90, 100, 130, 170, 200, 220, 220, 200, 150, 100};
  Numbers night_owls{300, 340, 360, 340, 260, 120, 40, 20, 20, 20,  20,  20,
                     30,  30,  30,  30,  30,  40,  50, 60, 80, 120, 180, 250};
  double joining = 0.03;
  double leaving = 0.02;

  double paid = 0.39;
  double songs_an_advert = 4;
  double advert_s = 30;
  double free_skips_an_hour = 0;

  double experiment = 0.5;
  double experiment_skips = 1;

  double bots = 0.001;
  double bot_sessions_a_day = 1;
  double bot_songs = 300;
  double bot_heard_s = 35;

  Numbers devices{68, 20, 12};
  double home_device = 0.8;
  double handed_over = 0.05;
  double hand_over_s = 5;

  Numbers mobile_workday{28, 16, 10, 12, 16, 28, 52,  78,  92, 84, 76, 72,
                         64, 66, 74, 82, 90, 98, 108, 104, 96, 84, 66, 46};
  Numbers mobile_weekend{40, 26, 16, 17, 18, 20, 26,  34,  44, 54, 64, 72,
                         78, 82, 86, 90, 94, 98, 102, 100, 94, 84, 70, 54};
  Numbers desktop_workday{26, 14, 8,  9,  11, 18,  32,  56,  82,  96, 90, 82,
                          70, 72, 84, 90, 94, 100, 110, 108, 100, 86, 66, 44};
  Numbers desktop_weekend{38, 24, 14, 14, 15, 17, 22,  30,  40, 50, 62, 72,
                          78, 82, 86, 90, 94, 98, 104, 102, 96, 84, 68, 50};
  Numbers web_workday{26, 14, 8,  9,  11, 18,  32,  56,  82,  96, 90, 82,
                      70, 72, 84, 90, 94, 100, 110, 108, 100, 86, 66, 44};
  Numbers web_weekend{38, 24, 14, 14, 15, 17, 22,  30,  40, 50, 62, 72,
                      78, 82, 86, 90, 94, 98, 104, 102, 96, 84, 68, 50};

  Texts holidays{};
  double holiday_sessions = 0.5;

  Texts countries{"US", "IN", "BR", "UK", "DE", "MX", "CA", "FR", "ES", "JP", "AU"};
  Numbers country_shares{30, 18, 10, 9, 8, 7, 5, 5, 3, 3, 2};
  Numbers country_utc_minutes{-360, 330, -180, 0, 60, -360, -300, 60, 60, 540, 600};

  Numbers popularity_breaks{7.7e-5, 2.2e-3, 0.115};
  Numbers popularity_exponents{0.46, 1.17, 1.75, 2.64};
  double genres = 12;
  double favourite_genre = 0.4;
  double releases_a_day = 0.00042;
  double new_days = 28;
  double new_plays = 0.03;
  double spikes_a_week = 1;
  double spike_plays = 0.03;
  double spike_half_life_h = 48;

  bool operator==(const Behaviour&) const = default;
};

/// What a text of a list may be.
enum class TextForm {
  country,  ///< `US`
  holiday,  ///< `12-25`, `2026-12-25`, `US 07-04`, `US 2026-11-26`
};

/// A holiday of TextForm::holiday.
struct Holiday {
  std::string_view country;  ///< empty: everywhere
  int year = 0;              ///< 0: each
  unsigned month = 0;
  unsigned day = 0;

  bool operator==(const Holiday&) const = default;
};
/// Nothing where the text has another form, or its day is in no year. What it says of the country is a part
/// of it.
std::optional<Holiday> parse_holiday(std::string_view text);

/// One row of the table of keys: the parser, `simulate --describe` and docs/formats/behaviour.md derive from
/// it.
struct BehaviourKey {
  std::string_view table;  ///< of the TOML file
  std::string_view name;
  std::variant<double Behaviour::*, Numbers Behaviour::*, Texts Behaviour::*> member;
  double low = 0;
  double high = 0;
  std::size_t count_min = 1;  ///< of a list
  std::size_t count_max = 1;
  std::string_view unit;
  std::string_view what;
  std::string_view source;
  TextForm form = TextForm::country;

  std::string path() const { return std::string(table).append(".").append(name); }
};

/// Keys of one table stand together.
std::span<const BehaviourKey> behaviour_keys();

/// The value of a key as TOML writes it.
std::string shown(const BehaviourKey& key, const Behaviour& behaviour);
/// What a key may hold, in words.
std::string allowed(const BehaviourKey& key);

/// A key that is wrong, and how.
struct BehaviourFault {
  std::string key;  ///< its path
  std::string what;
};

/// The first value that is outside its range or does not fit the others.
std::optional<BehaviourFault> fault_of(const Behaviour& behaviour);

/// All keys as TOML with unit, source and default of each, which behaviour_of() reads back.
std::string described(const Behaviour& behaviour);

/// Only the keys that differ from the defaults, as lines that behaviour_of() reads back.
std::string changes_of(const Behaviour& behaviour);

/// The defaults, but for what the TOML says. `misconfigured` names `file`, line, key and what is allowed.
Result<Behaviour> behaviour_of(std::string_view toml, std::string_view file);

}  // namespace sdp::simulate
