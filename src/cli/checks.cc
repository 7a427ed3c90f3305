#include "cli/checks.h"

#include "cli/json_output.h"
#include "cli/standard_output.h"

namespace sdp::cli {
namespace {

const std::string& message(const Check& check) {
  return check.outcome ? *check.outcome : check.outcome.error().message;
}

void print_text(const std::vector<Check>& checks) {
  for (const Check& check : checks)
    print_out("{}  {:<10} {}\n", check.outcome ? "ok  " : "FAIL", check.name, message(check));
}

void print_json(const std::vector<Check>& all) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Check& check : all)
    checks.push_back({{"check", check.name}, {"ok", check.outcome.has_value()}, {"message", message(check)}});
  print_line({{"schema_version", 1}, {"checks", std::move(checks)}});
}

}  // namespace

void print_checks(const std::vector<Check>& checks, bool json) {
  json ? print_json(checks) : print_text(checks);
}

}  // namespace sdp::cli
