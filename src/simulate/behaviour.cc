#include "simulate/behaviour.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/utc_time.h"

namespace sdp::simulate {
namespace {

constexpr double kMany = 1e6;

constexpr std::string_view kAssumed = "assumed";
constexpr std::string_view kLamere = "P. Lamere 2014, plays on Spotify";
constexpr std::string_view kShape =
    "shape: Zhang et al. 2013, TU Delft PDS-2013-001 (Spotify 2010-11); the hours between are drawn by hand";
constexpr std::string_view kTypes =
    "four groups of similar size: Louail and Barthelemy, arXiv 1704.05815; the hours are assumed";
constexpr std::string_view kPieces = "derived from Luminate, year-end 2025: pieces for a small catalogue";

constexpr BehaviourKey number(std::string_view table, std::string_view name, double Behaviour::* member,
                              double low, double high, std::string_view unit, std::string_view what,
                              std::string_view source) {
  return {table, name, member, low, high, 1, 1, unit, what, source};
}

constexpr BehaviourKey list(std::string_view table, std::string_view name, Numbers Behaviour::* member,
                            std::size_t count, double high, std::string_view unit, std::string_view what,
                            std::string_view source) {
  return {table, name, member, 0, high, count, count, unit, what, source};
}

constexpr std::string_view kHourly = "weight";

const BehaviourKey kKeys[] = {
    number("sessions", "per_day", &Behaviour::sessions_a_day, 0.001, 24, "a listener and day",
           "Sessions that begin, on average.", "assumed: 50 minutes a day"),
    number("sessions", "songs", &Behaviour::songs, 2, 1'000, "songs", "Songs of a session, on average.",
           "Spotify MSSD, Brost et al. 2019: sessions of 10 to 20 tracks"),
    number("sessions", "think_s", &Behaviour::think_s, 0.01, 3'600, "s",
           "From a skip to the next song, on average.", kAssumed),
    number("sessions", "autoplay_s", &Behaviour::autoplay_s, 0.001, 3'600, "s",
           "From a song's end to the next.", kAssumed),
    number("sessions", "added", &Behaviour::added, 0, 1, "share of songs begun", "Songs added to a playlist.",
           kAssumed),

    number("pauses", "per_hour", &Behaviour::pauses_an_hour, 0, 3'600, "an hour played", "Pauses.", kAssumed),
    number("pauses", "mean_s", &Behaviour::paused_s, 0.01, 86'400, "s", "Length of a pause, on average.",
           kAssumed),
    number("pauses", "left", &Behaviour::left_while_paused, 0, 1, "share of pauses",
           "Pauses that end the session.", kAssumed),

    number("skip", "within_5s", &Behaviour::skipped_5s, 0, 0.98, "share of songs begun",
           "Skipped within 5 seconds.", kLamere),
    number("skip", "within_30s", &Behaviour::skipped_30s, 0, 0.98, "share of songs begun",
           "Skipped within 30 seconds; not below within_5s.", kLamere),
    number("skip", "before_end", &Behaviour::skipped, 0, 0.98, "share of songs begun",
           "Skipped before the end; not below within_30s.", kLamere),
    list("skip", "by_weekday", &Behaviour::skip_by_weekday, 7, kMany, "weight",
         "How the share depends on the listener's weekday, Monday first; the mean stays before_end.",
         kLamere),
    list("skip", "by_age", &Behaviour::skip_by_age, 5, kMany, "weight",
         "How the share depends on age, as in listeners.ages; the mean stays before_end.", kLamere),
    number(
        "skip", "song_spread", &Behaviour::skip_song_spread, 0, 1, "of the mean",
        "By how much songs differ: the share of a song is up to so much above or below the mean, and stays.",
        "song-specific and stable: Donier 2020; the size is assumed"),

    list("listeners", "ages", &Behaviour::ages, 5, kMany, "weight",
         "Listeners below 20, 20-29, 30-39, 40-54, from 55.", kAssumed),
    list("listeners", "types", &Behaviour::types, 4, kMany, "weight",
         "Early birds, working hours, evening, night owls.", kTypes),
    list("listeners", "early_birds", &Behaviour::early_birds, 24, kMany, kHourly,
         "How often early birds begin a session beside others of their device, by local hour.", kTypes),
    list("listeners", "working_hours", &Behaviour::working_hours, 24, kMany, kHourly,
         "The same of those who listen in working hours.", kTypes),
    list("listeners", "evening", &Behaviour::evening_listeners, 24, kMany, kHourly,
         "The same of those who listen in the evening.", kTypes),
    list("listeners", "night_owls", &Behaviour::night_owls, 24, kMany, kHourly, "The same of night owls.",
         kTypes),
    number("listeners", "joining", &Behaviour::joining, 0, 1, "of the listeners at the start, in 30 days",
           "Listeners who join.",
           "as many as leave and 12 % growth a year: Spotify, Q4 2024, 675 M monthly users after 602 M"),
    number("listeners", "leaving", &Behaviour::leaving, 0, 1, "of the listeners at the start, in 30 days",
           "Listeners who leave and do not come back; one always stays.", kAssumed),

    number("paid", "share", &Behaviour::paid, 0, 1, "share of listeners",
           "Listeners who pay: no adverts, no limit of skips.",
           "Spotify, Q4 2024: 263 M subscribers of 675 M monthly users"),
    number("paid", "songs_per_advert", &Behaviour::songs_an_advert, 0, 1'000, "songs",
           "Who does not pay hears an advert after so many songs of a session; 0: none.", kAssumed),
    number("paid", "advert_s", &Behaviour::advert_s, 0, 3'600, "s", "Length of an advert.", kAssumed),
    number("paid", "free_skips_per_hour", &Behaviour::free_skips_an_hour, 0, 3'600, "skips",
           "How many skips an hour who does not pay has on mobile; 0: no limit.",
           "no limit, because the shares of skip were measured with all listeners in"),

    number("experiment", "share", &Behaviour::experiment, 0, 1, "share of listeners",
           "Listeners in arm B of an A/B test; their app_version ends with +b.", kAssumed),
    number("experiment", "skips", &Behaviour::experiment_skips, 0, 10, "factor",
           "Arm B skips so many times as often as arm A.", kAssumed),

    number("bots", "share", &Behaviour::bots, 0, 1, "share of listeners",
           "Listeners who are programs: one song again and again, at any hour.",
           "1 to 3 % of plays: Centre national de la musique 2023; about 1.3 % with these defaults"),
    number("bots", "sessions_per_day", &Behaviour::bot_sessions_a_day, 0.001, 24, "a bot and day",
           "Sessions of a bot, on average.", kAssumed),
    number("bots", "songs", &Behaviour::bot_songs, 2, 10'000, "songs", "Plays of a bot's session.", kAssumed),
    number("bots", "heard_s", &Behaviour::bot_heard_s, 1, 119, "s", "How long a bot plays the song.",
           "a stream counts from 30 s: Spotify's rule"),

    list("devices", "shares", &Behaviour::devices, 3, kMany, "weight",
         "Home devices of listeners: mobile, desktop, web.", kAssumed),
    number("devices", "at_home", &Behaviour::home_device, 0, 1, "share of sessions",
           "Sessions on the home device; the others are on any, by shares.", kAssumed),
    number("devices", "handed_over", &Behaviour::handed_over, 0, 1, "share of sessions",
           "Sessions that move to another device in the middle of a song.", kAssumed),
    number("devices", "hand_over_s", &Behaviour::hand_over_s, 0.01, 3'600, "s",
           "From the pause on one device to the play on the other, on average.", kAssumed),

    list("hours", "mobile_workday", &Behaviour::mobile_workday, 24, kMany, kHourly,
         "When sessions on mobile begin, Monday to Friday, by local hour.", kShape),
    list("hours", "mobile_weekend", &Behaviour::mobile_weekend, 24, kMany, kHourly,
         "The same on Saturday and Sunday.", kShape),
    list("hours", "desktop_workday", &Behaviour::desktop_workday, 24, kMany, kHourly,
         "When sessions on desktop begin, Monday to Friday.", kShape),
    list("hours", "desktop_weekend", &Behaviour::desktop_weekend, 24, kMany, kHourly,
         "The same on Saturday and Sunday.", kShape),
    list("hours", "web_workday", &Behaviour::web_workday, 24, kMany, kHourly,
         "When sessions on web begin, Monday to Friday.", "as desktop"),
    list("hours", "web_weekend", &Behaviour::web_weekend, 24, kMany, kHourly,
         "The same on Saturday and Sunday.", "as desktop"),

    {"holidays", "days", &Behaviour::holidays, 0, 0, 0, 256, "days",
     "Holidays: 12-25 is one each year and everywhere, US 07-04 in one country, US 2026-11-26 in one year.",
     "none, so that the bytes of a seed stay as they were", TextForm::holiday},
    number("holidays", "sessions", &Behaviour::holiday_sessions, 0, 10, "factor",
           "So many times as many sessions begin on a holiday, by the listener's local date.",
           "eventsim: weekend-damping 0.5 in its examples, which holds for holidays, too"),

    {"countries", "codes", &Behaviour::countries, 0, 0, 1, 256, "two letters A-Z",
     "Home countries of listeners.", kAssumed},
    {"countries", "shares", &Behaviour::country_shares, 0, kMany, 1, 256, "weight",
     "Listeners of each country.", kAssumed},
    {"countries", "utc_minutes", &Behaviour::country_utc_minutes, -720, 840, 1, 256, "minutes",
     "By how much local time of each country is ahead of UTC, all year.",
     "standard time; of countries with several zones one in the middle"},

    {"popularity", "breaks", &Behaviour::popularity_breaks, 0, 1, 0, 15, "share of the catalogue",
     "Ranks at which the exponent changes, ascending.", kPieces},
    {"popularity", "exponents", &Behaviour::popularity_exponents, 0, 8, 1, 16, "exponent",
     "How plays fall with the rank, as 1 / rank^exponent, in each piece.", kPieces},

    number("taste", "genres", &Behaviour::genres, 1, 64, "genres",
           "Each song has one, and each listener a favourite; favourites follow the plays of genres.",
           kAssumed),
    number("taste", "favourite", &Behaviour::favourite_genre, 0, 1, "share of plays",
           "Plays that are drawn from the favourite genre alone.", kAssumed),

    number("releases", "per_day", &Behaviour::releases_a_day, 0, 0.01, "share of the catalogue",
           "Songs that come out a day, in the first year; nobody plays them before.",
           "Luminate: 106,000 new tracks a day of 253 M"),
    number("releases", "new_days", &Behaviour::new_days, 1, 365, "days", "How long a song is new.", kAssumed),
    number("releases", "new_plays", &Behaviour::new_plays, 0, 1, "share of plays",
           "Plays that are drawn from new songs alone, evenly.", kAssumed),

    number("spikes", "per_week", &Behaviour::spikes_a_week, 0, 50, "a week",
           "Songs, any of the catalogue, that everybody plays for a while.", kAssumed),
    number("spikes", "plays", &Behaviour::spike_plays, 0, 0.5, "share of plays",
           "Plays that go to such a song at first.", kAssumed),
    number("spikes", "half_life_h", &Behaviour::spike_half_life_h, 1, 1'000, "h",
           "After this time it is half as many.", kAssumed),
};

std::string as_text(double value) {
  return fmt::format("{}", value);
}

std::string shown_value(double value) {
  return as_text(value);
}

std::string shown_value(const Numbers& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string shown_value(const Texts& values) {
  std::string text = "[";
  for (const std::string& value : values)
    text.append(text.size() > 1 ? ", " : "").append("\"" + value + "\"");
  return text + "]";
}

/// False for not-a-number, too.
bool within(const BehaviourKey& key, double value) {
  return value >= key.low && value <= key.high;
}

bool fits(const BehaviourKey& key, double value) {
  return within(key, value);
}

bool fits(const BehaviourKey& key, const Numbers& values) {
  return values.size() >= key.count_min && values.size() <= key.count_max &&
         std::ranges::all_of(values, [&key](double value) { return within(key, value); });
}

bool is_country(std::string_view code) {
  return code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool fits(const BehaviourKey& key, const Texts& values) {
  return values.size() >= key.count_min && values.size() <= key.count_max &&
         std::ranges::all_of(values, [&key](const std::string& text) {
           return key.form == TextForm::country ? is_country(text) : parse_holiday(text).has_value();
         });
}

/// Smaller ones count as none.
constexpr double kLeastWeight = 0.001;

bool too_small(const Numbers& values) {
  return std::ranges::all_of(values, [](double value) { return value < kLeastWeight; });
}

/// Weights that are all 0 choose nothing.
constexpr Numbers Behaviour::* kWeights[] = {
    &Behaviour::skip_by_weekday, &Behaviour::skip_by_age,    &Behaviour::ages,
    &Behaviour::types,           &Behaviour::devices,        &Behaviour::country_shares,
    &Behaviour::mobile_workday,  &Behaviour::mobile_weekend, &Behaviour::desktop_workday,
    &Behaviour::desktop_weekend, &Behaviour::web_workday,    &Behaviour::web_weekend,
    &Behaviour::early_birds,     &Behaviour::working_hours,  &Behaviour::evening_listeners,
    &Behaviour::night_owls};

/// Whether on each device somebody can begin a session in a week.
bool devices_meet_types(const Behaviour& behaviour) {
  const Numbers* types[] = {&behaviour.early_birds, &behaviour.working_hours, &behaviour.evening_listeners,
                            &behaviour.night_owls};
  const auto meets = [&](const Numbers& hours) {
    for (std::size_t type = 0; type < std::size(types); ++type) {
      for (std::size_t hour = 0; hour < hours.size(); ++hour) {
        if (std::min({behaviour.types[type], hours[hour], (*types[type])[hour]}) >= kLeastWeight) return true;
      }
    }
    return false;
  };
  return (meets(behaviour.mobile_workday) || meets(behaviour.mobile_weekend)) &&
         (meets(behaviour.desktop_workday) || meets(behaviour.desktop_weekend)) &&
         (meets(behaviour.web_workday) || meets(behaviour.web_weekend));
}

std::optional<BehaviourFault> disagreement(const Behaviour& behaviour) {
  for (const BehaviourKey& key : kKeys) {
    const auto* list = std::get_if<Numbers Behaviour::*>(&key.member);
    if (list && std::ranges::find(kWeights, *list) != std::end(kWeights) && too_small(behaviour.*(*list)))
      return BehaviourFault{key.path(), fmt::format("is {}; at least one must be {} or more",
                                                    shown(key, behaviour), kLeastWeight)};
  }
  if (!devices_meet_types(behaviour))
    return BehaviourFault{"listeners.types", "never listen in the hours of a device; widen one or the other"};
  if (behaviour.skipped_30s < behaviour.skipped_5s)
    return BehaviourFault{"skip.within_30s", "is below skip.within_5s; it must not be"};
  if (behaviour.skipped < behaviour.skipped_30s)
    return BehaviourFault{"skip.before_end", "is below skip.within_30s; it must not be"};
  const std::size_t countries = behaviour.countries.size();
  if (behaviour.country_shares.size() != countries)
    return BehaviourFault{"countries.shares", fmt::format("has {} values; there are {} countries.codes",
                                                          behaviour.country_shares.size(), countries)};
  if (behaviour.country_utc_minutes.size() != countries)
    return BehaviourFault{"countries.utc_minutes",
                          fmt::format("has {} values; there are {} countries.codes",
                                      behaviour.country_utc_minutes.size(), countries)};
  for (const std::string& text : behaviour.holidays) {
    const std::string country(parse_holiday(text)->country);
    if (!country.empty() && std::ranges::find(behaviour.countries, country) == behaviour.countries.end())
      return BehaviourFault{"holidays.days",
                            fmt::format("has {}; {} is not one of countries.codes", text, country)};
  }
  if (behaviour.popularity_exponents.size() != behaviour.popularity_breaks.size() + 1)
    return BehaviourFault{
        "popularity.exponents",
        fmt::format("has {} values; there must be one more than popularity.breaks, {}",
                    behaviour.popularity_exponents.size(), behaviour.popularity_breaks.size() + 1)};
  if (!std::ranges::is_sorted(behaviour.popularity_breaks))
    return BehaviourFault{"popularity.breaks", "do not ascend; they must"};
  return std::nullopt;
}

}  // namespace

std::optional<Holiday> parse_holiday(std::string_view text) {
  Holiday holiday;
  if (text.size() > 3 && text[2] == ' ') {
    holiday.country = text.substr(0, 2);
    if (!is_country(holiday.country)) return std::nullopt;
    text.remove_prefix(3);
  }
  // Of those that are in some years only, it is one in these.
  const bool is_yearly = text.size() == 5;
  const auto time = base::parse_iso(fmt::format("{}{}T00:00:00Z", is_yearly ? "2000-" : "", text));
  if (!time || (text.size() != 5 && text.size() != 10)) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(*time));
  holiday.year = is_yearly ? 0 : static_cast<int>(date.year());
  holiday.month = static_cast<unsigned>(date.month());
  holiday.day = static_cast<unsigned>(date.day());
  return holiday;
}

std::span<const BehaviourKey> behaviour_keys() {
  return kKeys;
}

std::string shown(const BehaviourKey& key, const Behaviour& behaviour) {
  return std::visit([&](const auto member) { return shown_value(behaviour.*member); }, key.member);
}

std::string allowed(const BehaviourKey& key) {
  if (std::holds_alternative<Texts Behaviour::*>(key.member))
    return fmt::format("{} to {} texts {}", key.count_min, key.count_max,
                       key.form == TextForm::country ? "of two letters A-Z"
                                                     : "as 12-25, 2026-12-25, US 07-04 or US 2026-11-26");
  const std::string range = fmt::format("from {} to {}", as_text(key.low), as_text(key.high));
  if (std::holds_alternative<double Behaviour::*>(key.member)) return "a number " + range;
  if (key.count_min == key.count_max) return fmt::format("{} numbers {}", key.count_min, range);
  return fmt::format("{} to {} numbers {}", key.count_min, key.count_max, range);
}

std::optional<BehaviourFault> fault_of(const Behaviour& behaviour) {
  for (const BehaviourKey& key : kKeys) {
    const bool good = std::visit([&](const auto member) { return fits(key, behaviour.*member); }, key.member);
    if (!good)
      return BehaviourFault{key.path(),
                            fmt::format("is {}; it must be {}", shown(key, behaviour), allowed(key))};
  }
  return disagreement(behaviour);
}

std::string described(const Behaviour& behaviour) {
  const Behaviour standard;
  std::string out = "# How listeners behave: docs/formats/behaviour.md. Read by --behaviour FILE.\n";
  std::string_view table;
  for (const BehaviourKey& key : kKeys) {
    if (key.table != table) fmt::format_to(std::back_inserter(out), "\n[{}]\n", key.table);
    table = key.table;
    const std::string value = shown(key, behaviour);
    fmt::format_to(std::back_inserter(out), "# {} Unit: {}. Source: {}.{}\n{} = {}\n", key.what, key.unit,
                   key.source, value == shown(key, standard) ? "" : " Default: " + shown(key, standard) + ".",
                   key.name, value);
  }
  return out;
}

std::string changes_of(const Behaviour& behaviour) {
  const Behaviour standard;
  std::string out;
  for (const BehaviourKey& key : kKeys) {
    const std::string value = shown(key, behaviour);
    if (value != shown(key, standard))
      fmt::format_to(std::back_inserter(out), "{} = {}\n", key.path(), value);
  }
  return out;
}

}  // namespace sdp::simulate
