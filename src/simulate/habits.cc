#include "simulate/habits.h"

#include <algorithm>
#include <utility>

namespace sdp::simulate {
namespace {

std::uint64_t in_ms(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1'000);
}

/// An exponential draw of mean m, cut to a whole number, has a mean of about m - 1/2.
std::uint64_t more_than_one(double songs) {
  return to_q32(songs - 0.5);
}

std::array<const Numbers*, 2> hours_of(const Behaviour& behaviour, event::DeviceType device) {
  switch (device) {
    case event::DeviceType::mobile:
      return {&behaviour.mobile_workday, &behaviour.mobile_weekend};
    case event::DeviceType::desktop:
      return {&behaviour.desktop_workday, &behaviour.desktop_weekend};
    case event::DeviceType::web:
      return {&behaviour.web_workday, &behaviour.web_weekend};
  }
  std::unreachable();
}

/// The whole numbers that weights are drawn by.
/// Weights in parts of their mean, where thing k counts shares[k] times.
std::vector<std::uint64_t> by_mean(const Numbers& weights, const std::vector<std::uint64_t>& shares) {
  const std::vector<std::uint64_t> numbers = in_q32(weights);
  Wide sum = 0, count = 0;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    sum += static_cast<Wide>(numbers[k]) * (shares[k] >> 20);
    count += shares[k] >> 20;
  }
  const std::uint64_t mean = std::max<std::uint64_t>(static_cast<std::uint64_t>(sum / count), 1);
  std::vector<std::uint64_t> factors;
  for (const std::uint64_t value : numbers) factors.push_back(ratio(value, mean));
  return factors;
}

}  // namespace

Habits::Habits(const Behaviour& behaviour)
    : sessions_a_day(to_q32(behaviour.sessions_a_day)),
      devices(behaviour.devices),
      home_device(to_q32(behaviour.home_device)),
      handed_over(to_q32(behaviour.handed_over)),
      hand_over_ms(in_ms(behaviour.hand_over_s)),
      more_songs(more_than_one(behaviour.songs)),
      think_ms(in_ms(behaviour.think_s)),
      autoplay_ms(std::max<std::uint64_t>(in_ms(behaviour.autoplay_s), 1)),
      added(to_q32(behaviour.added)),
      pause_after_ms(behaviour.pauses_an_hour > 0
                         ? static_cast<std::uint64_t>(static_cast<double>(kHourMs) / behaviour.pauses_an_hour)
                         : 0),
      paused_ms(in_ms(behaviour.paused_s)),
      left_while_paused(to_q32(behaviour.left_while_paused)),
      songs_an_advert(static_cast<std::uint32_t>(behaviour.songs_an_advert)),
      advert_ms(in_ms(behaviour.advert_s)),
      free_skips_an_hour(static_cast<std::uint32_t>(behaviour.free_skips_an_hour)),
      bot_keenness(to_q32(behaviour.bot_sessions_a_day / behaviour.sessions_a_day)),
      more_bot_songs(more_than_one(behaviour.bot_songs)),
      bot_heard_ms(static_cast<std::uint32_t>(in_ms(behaviour.bot_heard_s))) {
  for (std::size_t k = 0; k < behaviour.countries.size(); ++k) {
    countries.push_back({{behaviour.countries[k][0], behaviour.countries[k][1]}});
    utc_offsets.push_back(static_cast<std::int64_t>(behaviour.country_utc_minutes[k]) * 60'000);
  }
  if (behaviour.skipped > 0) {
    of_skips_5s = to_q32(behaviour.skipped_5s / behaviour.skipped);
    of_skips_30s = to_q32(behaviour.skipped_30s / behaviour.skipped);
  }

  const std::array<std::vector<std::uint64_t>, 4> types{
      in_q32(behaviour.early_birds), in_q32(behaviour.working_hours), in_q32(behaviour.evening_listeners),
      in_q32(behaviour.night_owls)};
  const std::vector<std::uint64_t> type_shares = in_q32(behaviour.types);
  const std::vector<std::uint64_t> device_shares = in_q32(behaviour.devices);
  std::vector<std::uint64_t> day_shares(7);
  for (std::size_t device = 0; device < kDevices; ++device) {
    const auto hours = hours_of(behaviour, static_cast<event::DeviceType>(device));
    const std::array<std::vector<std::uint64_t>, 2> weights{in_q32(*hours[0]), in_q32(*hours[1])};
    // Up to 1e6 each, of which 20 bits behind the point do for hours and 12 for shares.
    Wide sum = 0, shares = 0;
    std::array<Wide, 7> day_sums{};
    for (std::size_t type = 0; type < types.size(); ++type) {
      shares += type_shares[type] >> 20;
      for (std::size_t hour = 0; hour < kWeekHours; ++hour) {
        const std::uint64_t weight = weights[hour / 24 >= 5 ? 1 : 0][hour % 24] >> 12;
        const Wide part = static_cast<Wide>(weight) * (types[type][hour % 24] >> 12);
        sum += part * (type_shares[type] >> 20);
        day_sums[hour / 24] += part * (type_shares[type] >> 20);
      }
    }
    const Wide mean = std::max<Wide>(sum / shares / kWeekHours, 1);
    const Wide scale = 1 + (sum >> 90);
    for (std::size_t type = 0; type < types.size(); ++type) {
      for (std::size_t hour = 0; hour < kWeekHours; ++hour) {
        const std::uint64_t weight = weights[hour / 24 >= 5 ? 1 : 0][hour % 24] >> 12;
        const Wide part = static_cast<Wide>(weight) * (types[type][hour % 24] >> 12);
        keenness_[device][type][hour] = static_cast<std::uint64_t>((part << 32) / mean);
      }
      keenness_max = std::max(keenness_max, *std::ranges::max_element(keenness_[device][type]));
    }
    for (std::size_t day = 0; day < 7; ++day) {
      day_shares[day] += times(static_cast<std::uint64_t>((day_sums[day] / scale << 32) / (sum / scale)),
                               device_shares[device]);
    }
  }
  for (const std::string& text : behaviour.holidays) {
    const Holiday holiday = *parse_holiday(text);
    auto& here = holidays_.emplace_back();
    here.day = std::chrono::month(holiday.month) / std::chrono::day(holiday.day);
    if (holiday.year > 0) here.year = std::chrono::year(holiday.year);
    if (!holiday.country.empty())
      here.country = static_cast<std::size_t>(std::ranges::find(behaviour.countries, holiday.country) -
                                              behaviour.countries.begin());
  }
  on_holidays_ = to_q32(behaviour.holiday_sessions);
  if (!holidays_.empty()) keenness_max = times(keenness_max, std::max(on_holidays_, kOne));
  if (behaviour.bots > 0) keenness_max = std::max(keenness_max, bot_keenness);

  const auto by_age = by_mean(behaviour.skip_by_age, in_q32(behaviour.ages));
  const auto by_day = by_mean(behaviour.skip_by_weekday, day_shares);
  const std::uint64_t skipped = to_q32(behaviour.skipped);
  for (std::size_t age = 0; age < by_age.size(); ++age) {
    for (std::size_t day = 0; day < by_day.size(); ++day) {
      const std::uint64_t share = times(times(skipped, by_age[age]), by_day[day]);
      skip_shares[0][age][day] = share;
      skip_shares[1][age][day] = times(share, to_q32(behaviour.experiment_skips));
    }
  }
}

std::uint64_t Habits::keenness(const Person& person, event::DeviceType device, std::int64_t utc_ms) const {
  if (person.bot) return bot_keenness;
  const std::uint64_t keenness =
      keenness_[std::to_underlying(device)][person.type][hour_of_week(local(person, utc_ms))];
  return holidays_.empty() ? keenness : times(keenness, holiday_factor(person, utc_ms));
}

std::uint64_t Habits::holiday_factor(const Person& person, std::int64_t utc_ms) const {
  if (holidays_.empty()) return kOne;
  const std::chrono::sys_time<std::chrono::milliseconds> time{
      std::chrono::milliseconds(local(person, utc_ms))};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  const bool is_one = std::ranges::any_of(holidays_, [&](const HolidayHere& here) {
    return here.day == date.month() / date.day() && here.year.value_or(date.year()) == date.year() &&
           here.country.value_or(person.country) == person.country;
  });
  return is_one ? on_holidays_ : kOne;
}

}  // namespace sdp::simulate
