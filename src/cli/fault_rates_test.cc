#include "cli/fault_rates.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

using simulate::Fault;
using simulate::Steering;

std::string refusal(const std::map<std::string, std::string>& texts) {
  const auto rates = fault_rates(texts);
  if (rates) return "";
  EXPECT_EQ(rates.error().kind, ErrorKind::misconfigured);
  return rates.error().message;
}

TEST(FaultRates, AllIsEveryClassThatIsNotNamed) {
  const auto rates = fault_rates({{"all", "0.25"}, {"retry", "0"}, {"skew", "1"}});
  ASSERT_TRUE(rates) << rates.error().message;
  EXPECT_EQ((*rates)[Fault::retry], 0);
  EXPECT_EQ((*rates)[Fault::skew], 1);
  EXPECT_EQ((*rates)[Fault::oversize], 0.25);
  EXPECT_FALSE(fault_rates({})->any());
}

TEST(FaultRates, WhatIsNoClassOrNoRateIsNamed) {
  EXPECT_EQ(refusal({{"retri", "0.1"}}), "there is no fault class 'retri'; did you mean retry?");
  EXPECT_TRUE(refusal({{"xyzzy", "0.1"}}).contains("choose one of all, retry, changed_body"));
  for (const char* const rate : {"-0.1", "1.01", "nan", "", "0.1x", "ten"})
    EXPECT_TRUE(refusal({{"retry", rate}}).contains("retry")) << rate;
}

TEST(FaultRates, TextIsReadAgainAsItIs) {
  const auto rates = fault_rates({{"all", "0"}, {"late", "0.001"}, {"retry", "1"}});
  EXPECT_EQ(rates_text(*rates), "retry=1;late=0.001");
}

TEST(FaultHelp, NamesEveryClass) {
  for (const auto& one : simulate::kFaultClasses)
    EXPECT_TRUE(fault_help().contains(std::string(one.name))) << one.name;
}

TEST(Control, ChangesWhatItNames) {
  Steering before{.rate = 7, .faults = *fault_rates({{"retry", "0.5"}, {"late", "0.1"}})};
  auto steering = parse_control(R"({"rate": 100})", before);
  ASSERT_TRUE(steering) << steering.error().message;
  EXPECT_EQ(steering->rate, 100);
  EXPECT_EQ(steering->faults, before.faults);
  steering = parse_control(R"({"faults": {"all": 0, "retry": 1}})", before);
  ASSERT_TRUE(steering) << steering.error().message;
  EXPECT_EQ(steering->rate, 7);
  EXPECT_EQ(rates_text(steering->faults), "retry=1");
}

TEST(Control, WhatItCannotMeanIsSaid) {
  const auto said = [](std::string_view json, std::string_view why) {
    const auto steering = parse_control(json, {});
    ASSERT_FALSE(steering) << json;
    EXPECT_TRUE(steering.error().message.contains(why)) << steering.error().message;
  };
  said("", "not one JSON object");
  said("[1]", "not one JSON object");
  said(R"({"rate": "fast"})", "rate is not a number");
  said(fmt::format(R"({{"faults": {{"retry": {}{}}}}})", std::string(30'000, '['), std::string(30'000, ']')),
       "fault retry: its rate is not a number");
  said(R"({"rate": -1})", "from 0 to");
  said(R"({"rate": 1e99})", "from 0 to");
  said(R"({"faults": 1})", "faults is not an object");
  said(R"({"faults": {"retry": "much"}})", "retry");
  said(R"({"faults": {"retri": 1}})", "did you mean retry?");
  said(R"({"speed": 1})", "'speed' is neither");
}

}  // namespace
}  // namespace sdp::cli
