#include "settings/env_file.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "settings/table.h"

namespace sdp::settings {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlanks)));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool is_name(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, is_word);
}

std::string_view unquoted(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.front() == value.back();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

/// Container runtimes mount secrets there, readable by all, since a container's user is nobody's on the
/// machine: who may see them is decided by who is in the container.
bool is_given_by_a_container_runtime(const std::filesystem::path& path) {
  return path.lexically_normal().string().starts_with("/run/secrets/");
}

/// A `.env` may hold what is somebody else's business, such as the container stack's.
bool is_ours(std::string_view name) {
  const Setting* setting = find_variable(name);
  return setting != nullptr && setting->group != Group::stack;
}

bool is_secret(std::string_view name) {
  const Setting* setting = find_variable(name);
  return setting != nullptr && setting->secret;
}

}  // namespace

Result<std::map<std::string, EnvLine>> parse_env(std::string_view text) {
  std::map<std::string, EnvLine> variables;
  for (int number = 1; !text.empty(); ++number) {
    const auto whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    std::string_view line = trimmed(whole);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const auto equals = line.find('=');
    const auto name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_name(name)) {
      return fail(ErrorKind::misconfigured, fmt::format("line {} is not NAME=value", number));
    }
    variables.insert_or_assign(std::string(name),
                               EnvLine{std::string(unquoted(trimmed(line.substr(equals + 1)))), number});
  }
  return variables;
}

Result<EnvFile> load_env_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  struct stat status{};
  if (!file || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(ErrorKind::misconfigured, fmt::format("settings file {} cannot be read", path.string()));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto variables = parse_env(text);
  if (!variables) return std::unexpected(variables.error().in(path.string()));
  std::erase_if(*variables, [](const auto& variable) { return !is_ours(variable.first); });
  const auto secret = std::ranges::find_if(*variables, [](const auto& variable) {
    return is_secret(variable.first) && !variable.second.value.empty();
  });
  const bool is_private = (status.st_mode & 077) == 0 || is_given_by_a_container_runtime(path);
  if (secret != variables->end() && !is_private) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} holds {} and can be read by other users; run: chmod 600 {}", path.string(),
                            secret->first, path.string()));
  }
  EnvFile loaded{path, {}};
  for (const auto& [name, line] : *variables) {
    if (std::getenv(name.c_str()) != nullptr) continue;
    ::setenv(name.c_str(), line.value.c_str(), 0);
    loaded.lines.emplace(name, line.line);
  }
  return loaded;
}

Result<EnvFile> load_env_file() {
  const char* named = std::getenv("SPOTIFY_ENV_FILE");
  if (named != nullptr && *named != '\0') return load_env_file(std::filesystem::path(named));
  std::error_code failure;
  if (!std::filesystem::exists(".env", failure)) return EnvFile{};
  return load_env_file(std::filesystem::path(".env"));
}

}  // namespace sdp::settings
