#include "cli/checks.h"

#include <utility>

#include "cli/json_output.h"
#include "cli/standard_output.h"

namespace sdp::cli {
namespace {

const std::string& message(const Check& check) {
  return check.outcome ? *check.outcome : check.outcome.error().message;
}

}  // namespace

void Checks::add(std::string name, Result<std::string> outcome) {
  const Check& check = all_.emplace_back(std::move(name), std::move(outcome));
  if (json_) return;
  print_out("{}  {:<10} {}\n", check.outcome ? "ok  " : "FAIL", check.name, message(check));
  flush_out();
}

void Checks::finish() const {
  if (!json_) return;
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Check& check : all_)
    checks.push_back({{"check", check.name}, {"ok", check.outcome.has_value()}, {"message", message(check)}});
  print_line({{"schema_version", 1}, {"checks", std::move(checks)}});
}

}  // namespace sdp::cli
