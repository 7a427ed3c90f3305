#include "simulate/behaviour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "support/committed_page.h"

namespace sdp::simulate {
namespace {

std::string fault(std::string_view toml) {
  const auto behaviour = behaviour_of(toml, "listeners.toml");
  if (behaviour) return "none";
  EXPECT_EQ(behaviour.error().kind, ErrorKind::misconfigured);
  return behaviour.error().message;
}

TEST(Behaviour, DefaultsFitTheirOwnTable) {
  EXPECT_EQ(fault_of(Behaviour{}), std::nullopt);
  std::set<std::string> paths;
  for (const BehaviourKey& key : behaviour_keys()) {
    EXPECT_TRUE(paths.insert(key.path()).second) << key.path() << " stands twice";
    EXPECT_FALSE(key.unit.empty() || key.what.empty() || key.source.empty()) << key.path();
  }
}

TEST(Behaviour, AnEmptyFileIsTheDefaults) {
  EXPECT_EQ(behaviour_of("", "listeners.toml").value(), Behaviour{});
}

TEST(Behaviour, WhatIsDescribedIsReadBack) {
  EXPECT_EQ(behaviour_of(described(Behaviour{}), "listeners.toml").value(), Behaviour{});
  Behaviour other;
  other.sessions_a_day = 2.25;
  other.skip_by_age = {1, 2, 3, 4, 5};
  other.countries = {"SE"};
  other.country_shares = {1};
  other.country_utc_minutes = {-60};
  other.holidays = {"12-25", "SE 2026-06-19"};
  other.popularity_breaks = {};
  other.popularity_exponents = {1.5};
  EXPECT_EQ(behaviour_of(changes_of(other), "listeners.toml").value(), other);
  EXPECT_EQ(changes_of(Behaviour{}), "");
  const std::string text = described(other);
  EXPECT_EQ(behaviour_of(text, "listeners.toml").value(), other);
  EXPECT_NE(text.find("Default: 1.7."), std::string::npos) << text;
}

TEST(Behaviour, EveryKeyIsRead) {
  for (const BehaviourKey& key : behaviour_keys()) {
    // Half of the default, or twice, is another value: what follows from it may be refused, but by its name.
    Behaviour changed;
    std::visit(
        [&](const auto member) {
          using T = std::remove_reference_t<decltype(changed.*member)>;
          if constexpr (std::is_same_v<T, double>) changed.*member = (changed.*member) * 0.875 + 0.001;
          if constexpr (std::is_same_v<T, Numbers>)
            (changed.*member)[0] = (changed.*member)[0] * 0.875 + 0.00001;
          if constexpr (std::is_same_v<T, Texts>) {
            (changed.*member).resize(std::max<std::size_t>((changed.*member).size(), 1));
            (changed.*member)[0] = key.form == TextForm::country ? "SE" : "US 07-04";
          }
        },
        key.member);
    const auto read = behaviour_of(fmt::format("[{}]\n{} = {}\n", key.table, key.name, shown(key, changed)),
                                   "listeners.toml");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, changed) << key.path();
  }
}

TEST(Behaviour, AFaultSaysFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(fault("[skip]\nwithin_5 = 0.2\n"),
            "listeners.toml:2: skip.within_5 is not a key; did you mean skip.within_5s?");
  EXPECT_EQ(fault("[skip]\nnonsense = 0.2\n"),
            "listeners.toml:2: skip.nonsense is not a key; `simulate --describe` prints all keys");
  EXPECT_EQ(fault("\n[skips]\nwithin_5s = 0.2\n"),
            "listeners.toml:2: skips is not a table of keys; did you mean skip?");
  EXPECT_EQ(fault("skip = 3\n"), "listeners.toml:1: skip must be a table, [skip]");
  EXPECT_EQ(fault("[sessions]\n\nsongs = \"many\"\n"),
            "listeners.toml:3: sessions.songs must be a number from 2 to 1000");
  EXPECT_EQ(fault("[sessions]\nsongs = 1\n"),
            "listeners.toml:2: sessions.songs is 1; it must be a number from 2 to 1000");
  EXPECT_EQ(fault("[sessions]\nsongs = nan\n"),
            "listeners.toml:2: sessions.songs is nan; it must be a number from 2 to 1000");
  EXPECT_EQ(fault("[devices]\nshares = [1, 2]\n"),
            "listeners.toml:2: devices.shares is [1, 2]; it must be 3 numbers from 0 to 1000000");
  EXPECT_EQ(fault("[devices]\nshares = [1, 2, \"x\"]\n"),
            "listeners.toml:2: devices.shares must be 3 numbers from 0 to 1000000");
  EXPECT_EQ(fault("[devices]\nshares = [0, 0, 0]\n"),
            "listeners.toml:2: devices.shares is [0, 0, 0]; at least one must be 0.001 or more");
  EXPECT_EQ(
      fault("[countries]\ncodes = [\"Sweden\"]\n"),
      "listeners.toml:2: countries.codes is [\"Sweden\"]; it must be 1 to 256 texts of two letters A-Z");
  EXPECT_TRUE(fault("[skip]\nwithin_5s = = 3\n").starts_with("listeners.toml:2: is not TOML: "));
}

TEST(Behaviour, KeysThatDoNotFitEachOtherAreRefused) {
  EXPECT_EQ(fault("[skip]\nwithin_30s = 0.1\n"),
            "listeners.toml:2: skip.within_30s is below skip.within_5s; it must not be");
  EXPECT_EQ(fault("[skip]\nbefore_end = 0.3\n"),
            "listeners.toml:2: skip.before_end is below skip.within_30s; it must not be");
  EXPECT_EQ(fault("[countries]\nshares = [1]\n"),
            "listeners.toml:2: countries.shares has 1 values; there are 11 countries.codes");
  EXPECT_EQ(fault("[countries]\nutc_minutes = [1]\n"),
            "listeners.toml:2: countries.utc_minutes has 1 values; there are 11 countries.codes");
  EXPECT_EQ(fault("[popularity]\nexponents = [1]\n"),
            "listeners.toml:2: popularity.exponents has 1 values; there must be one more than "
            "popularity.breaks, 4");
  EXPECT_EQ(fault("[popularity]\nbreaks = [0.3, 0.2, 0.1]\n"),
            "listeners.toml:2: popularity.breaks do not ascend; they must");
  EXPECT_EQ(fault("[holidays]\ndays = [\"12-25\", \"SE 06-19\"]\n"),
            "listeners.toml:2: holidays.days has SE 06-19; SE is not one of countries.codes");
  const std::string never = "[0,0,0,0,0,0, 0,0,0,0,0,0, 0,0,0,0,0,0, 0,0,0,0,0,1]";
  const std::string noon = "[0,0,0,0,0,0, 0,0,0,0,0,0, 1,0,0,0,0,0, 0,0,0,0,0,0]";
  EXPECT_EQ(
      fault(fmt::format("[listeners]\ntypes = [1, 0, 0, 0]\nearly_birds = {}\n[hours]\nweb_workday = {}\n"
                        "web_weekend = {}\n",
                        never, noon, noon)),
      "listeners.toml:2: listeners.types never listen in the hours of a device; widen one or the other");
}

TEST(Behaviour, AHolidayIsADateOfEachYearOrOfOneEverywhereOrInACountry) {
  EXPECT_EQ(parse_holiday("12-25"), (Holiday{"", 0, 12, 25}));
  EXPECT_EQ(parse_holiday("02-29"), (Holiday{"", 0, 2, 29}));
  EXPECT_EQ(parse_holiday("2026-11-26"), (Holiday{"", 2026, 11, 26}));
  EXPECT_EQ(parse_holiday("US 07-04"), (Holiday{"US", 0, 7, 4}));
  EXPECT_EQ(parse_holiday("US 2026-11-26"), (Holiday{"US", 2026, 11, 26}));
  for (const std::string_view text : {"", "US", "US ", "12-32", "2026-02-29", "7-4", "us 07-04", "US  07-04",
                                      "12-25 ", "USA 07-04", "2026-12-25T0", "12-25Z"}) {
    EXPECT_EQ(parse_holiday(text), std::nullopt) << text;
  }
  EXPECT_EQ(
      fault("[holidays]\ndays = [\"25.12.\"]\n"),
      "listeners.toml:2: holidays.days is [\"25.12.\"]; it must be 0 to 256 texts as 12-25, 2026-12-25, "
      "US 07-04 or US 2026-11-26");
}

std::ptrdiff_t peak(const Numbers& hours, std::ptrdiff_t begin, std::ptrdiff_t end) {
  return std::max_element(hours.begin() + begin, hours.begin() + end) - hours.begin();
}

/// What Zhang et al. 2013 saw of sessions on Spotify.
TEST(Behaviour, DaysHaveTheMeasuredShape) {
  const Behaviour standard;
  for (const Numbers* hours : {&standard.mobile_workday, &standard.desktop_workday, &standard.web_workday}) {
    EXPECT_EQ(std::ranges::min_element(*hours) - hours->begin(), 2);
    EXPECT_EQ(peak(*hours, 0, 24), 18);
    EXPECT_LT((*hours)[12], (*hours)[10]) << "fewer at lunch";
    EXPECT_LT((*hours)[12], (*hours)[14]);
  }
  EXPECT_EQ(peak(standard.desktop_workday, 5, 12), 9);
  EXPECT_EQ(peak(standard.mobile_workday, 5, 12), 8) << "an hour before desktop";
  for (const Numbers* hours : {&standard.mobile_weekend, &standard.desktop_weekend, &standard.web_weekend})
    EXPECT_TRUE(std::is_sorted(hours->begin() + 3, hours->begin() + 19)) << "no peak before the evening's";
}

/// The table of docs/formats/behaviour.md.
std::string page_table() {
  const Behaviour standard;
  std::string out = "\n| key | what it is | unit | default | allowed | source |\n|---|---|---|---|---|---|\n";
  for (const BehaviourKey& key : behaviour_keys()) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | `{}` | {} | {} |\n", key.path(), key.what,
                   key.unit, shown(key, standard), allowed(key), key.source);
  }
  return out;
}

TEST(Behaviour, ThePageHasItsKeys) {
  support::expect_in_page("docs/formats/behaviour.md", "<!-- keys: begin -->", "<!-- keys: end -->",
                          page_table());
}

}  // namespace
}  // namespace sdp::simulate
