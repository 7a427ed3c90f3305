// `.env` texts: what is read is the same when it is written in double quotes and read again.

#include <algorithm>
#include <string>

#include "base/check.h"
#include "fuzz/pieces.h"
#include "settings/env_text.h"

namespace sdp::settings {
namespace {

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') text += '\\';
    text += c;
  }
  return text + '"';
}

std::optional<std::string> environment(const std::string& name) {
  return name == "HOME" ? std::optional<std::string>("h $HOME \" '") : std::nullopt;
}

}  // namespace
}  // namespace sdp::settings

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  const auto read = sdp::settings::parse_env(input, sdp::settings::environment);
  const auto lines = std::ranges::count(input, '\n') + 1;
  std::string text;
  for (const auto& [name, variable] : read.variables) {
    SDP_ASSERT(variable.line >= 1 && variable.line <= lines);
    text += name + '=' + sdp::settings::quoted(variable.value) + '\n';
  }
  for (const auto& problem : read.problems) SDP_ASSERT(problem.line >= 1 && problem.line <= lines);

  const auto again = sdp::settings::parse_env(text, sdp::settings::environment);
  SDP_ASSERT(again.problems.empty() && again.variables.size() == read.variables.size());
  for (const auto& [name, variable] : read.variables)
    SDP_ASSERT(again.variables.at(name).value == variable.value);
  return 0;
}
