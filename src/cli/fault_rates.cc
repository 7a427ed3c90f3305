#include "cli/fault_rates.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/suggestion.h"
#include "simulate/simulation_spec.h"

namespace sdp::cli {
namespace {

using simulate::FaultClass;
using simulate::FaultRates;
using simulate::kFaultClasses;
using simulate::Steering;

constexpr std::string_view kAll = "all";

std::optional<double> parse_rate(std::string_view text) {
  double rate = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, rate);
  if (error != std::errc{} || rest != end || !(rate >= 0 && rate <= 1)) return {};
  return rate;
}

std::unexpected<Error> unknown_class(const std::string& name) {
  std::vector<std::string> names{std::string(kAll)};
  for (const FaultClass& one : kFaultClasses) names.emplace_back(one.name);
  const auto meant = base::meant_by(name, names);
  return fail(
      ErrorKind::misconfigured,
      meant ? fmt::format("there is no fault class '{}'; did you mean {}?", name, *meant)
            : fmt::format("there is no fault class '{}'; choose one of {}", name, fmt::join(names, ", ")));
}

std::unexpected<Error> refused(std::string_view what) {
  return fail(ErrorKind::misconfigured, std::string(what));
}

}  // namespace

Result<FaultRates> fault_rates(const std::map<std::string, std::string>& texts, const FaultRates& before) {
  FaultRates rates = before;
  for (const auto& [name, text] : texts) {
    const auto rate = parse_rate(text);
    if (!rate) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("fault {}: '{}' is not a number from 0 to 1", name, text));
    }
    const FaultClass* const one = simulate::find_fault(name);
    if (one == nullptr && name != kAll) return unknown_class(name);
    if (one != nullptr) {
      rates[one->fault] = *rate;
      continue;
    }
    for (const FaultClass& each : kFaultClasses) {
      if (!texts.contains(std::string(each.name))) rates[each.fault] = *rate;
    }
  }
  return rates;
}

std::string rates_text(const FaultRates& rates) {
  std::string text;
  for (const FaultClass& one : kFaultClasses) {
    if (rates[one.fault] > 0)
      text += fmt::format("{}{}={}", text.empty() ? "" : ";", one.name, rates[one.fault]);
  }
  return text;
}

Result<Steering> parse_control(std::string_view json, const Steering& before) {
  const auto root = nlohmann::json::parse(json, nullptr, false);
  if (!root.is_object()) return refused("it is not one JSON object");
  Steering steering = before;
  for (const auto& [name, value] : root.items()) {
    if (name == "rate") {
      if (!value.is_number()) return refused("rate is not a number");
      steering.rate = value.get<double>();
      if (!(steering.rate >= 0 && steering.rate <= simulate::kRateMax))
        return refused(fmt::format("rate is not a number from 0 to {}", simulate::kRateMax));
    } else if (name == "faults") {
      if (!value.is_object()) return refused("faults is not an object of classes and rates");
      std::map<std::string, std::string> texts;
      for (const auto& [fault, rate] : value.items()) {
        if (!rate.is_number()) return refused(fmt::format("fault {}: its rate is not a number", fault));
        texts[fault] = rate.dump();
      }
      SDP_TRY(steering.faults, fault_rates(texts, steering.faults));
    } else {
      return refused(fmt::format("'{}' is neither rate nor faults", name));
    }
  }
  return steering;
}

std::string fault_help() {
  constexpr std::size_t kWidth = 100;
  constexpr std::size_t kColumn = 13;
  std::string text = "Fault classes, by what becomes of their records:\n";
  for (const simulate::Fate fate :
       {simulate::Fate::kept, simulate::Fate::duplicate, simulate::Fate::rejected}) {
    std::string line = fmt::format("  {:<{}}", name(fate), kColumn - 2);
    for (const FaultClass& one : kFaultClasses) {
      if (one.fate != fate) continue;
      if (line.size() + one.name.size() + 1 > kWidth) {
        line.back() = '\n';
        text += line;
        line.assign(kColumn, ' ');
      }
      line += fmt::format("{} ", one.name);
    }
    line.back() = '\n';
    text += line;
  }
  text.pop_back();
  return text;
}

}  // namespace sdp::cli
