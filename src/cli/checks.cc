#include "cli/checks.h"

#include <string_view>
#include <utility>

#include "cli/json_output.h"
#include "cli/standard_output.h"

namespace sdp::cli {
namespace {

const std::string& message(const Check& check) {
  return check.outcome ? check.outcome->text : check.outcome.error().message;
}

bool is_warning(const Check& check) {
  return check.outcome && check.outcome->is_warning;
}

std::string_view verdict(const Check& check) {
  if (!check.outcome) return "FAIL";
  return is_warning(check) ? "warn" : "ok  ";
}

}  // namespace

void Checks::add(std::string name, Result<Found> outcome) {
  const Check& check = all_.emplace_back(std::move(name), std::move(outcome));
  if (json_) return;
  print_out("{}  {:<10} {}\n", verdict(check), check.name, message(check));
  flush_out();
}

void Checks::add(std::string name, Result<std::string> outcome) {
  add(std::move(name), outcome ? Result<Found>(Found{.text = *std::move(outcome)})
                               : Result<Found>(std::unexpected(outcome.error())));
}

void Checks::finish() const {
  if (!json_) return;
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Check& check : all_) {
    checks.push_back({{"check", check.name},
                      {"ok", check.outcome.has_value()},
                      {"warning", is_warning(check)},
                      {"message", message(check)}});
  }
  print_line({{"schema_version", 1}, {"checks", std::move(checks)}});
}

}  // namespace sdp::cli
