#include "settings/env_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "os/trust.h"
#include "settings/env_text.h"
#include "settings/table.h"

namespace sdp::settings {
namespace {

/// More is not a file of settings.
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

/// A regular file as it was read, and who could have written it.
struct Contents {
  std::string text;
  struct stat file{};
  struct stat name{};  ///< of the link where the path is one
};

/// Nothing when there is no regular file of at most kFileBytesMax bytes that we can read.
std::optional<Contents> read_regular_file(const std::filesystem::path& path) {
  // Opening a pipe would wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  Contents contents;
  bool is_whole = ::fstat(descriptor, &contents.file) == 0 && ::lstat(path.c_str(), &contents.name) == 0 &&
                  S_ISREG(contents.file.st_mode);
  if (is_whole) {
    contents.text.resize(kFileBytesMax + 1);
    std::size_t used = 0;
    ssize_t got = 0;
    do {
      got = ::read(descriptor, contents.text.data() + used, contents.text.size() - used);
      if (got > 0) used += static_cast<std::size_t>(got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    contents.text.resize(used);
    is_whole = got == 0 && used <= kFileBytesMax;
  }
  ::close(descriptor);
  return is_whole ? std::optional(std::move(contents)) : std::nullopt;
}

/// Container runtimes mount secrets there, readable by all, since a container's user is nobody's on the
/// machine: who may see and write them is decided by who is in the container.
bool is_given_by_a_container_runtime(const std::filesystem::path& path) {
  return path.lexically_normal().string().starts_with("/run/secrets/");
}

/// The row of a variable that makes a file ours, and whose lines may be errors. The container stack's have
/// names that others use as well (KAFKA_PORT).
const Setting* ours(const std::string& name) {
  const Setting* setting = find_variable(name);
  return setting != nullptr && setting->group != Group::stack ? setting : nullptr;
}

std::optional<std::string> from_environment(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

std::unexpected<Error> refused_line(const std::filesystem::path& path, int line, std::string_view name,
                                    std::string_view reason) {
  return fail(ErrorKind::misconfigured, fmt::format("{}:{}: {} {}", path.string(), line, name, reason));
}

/// As ssh does with its files: whoever may write it decides what we do.
Result<void> check_writers(const std::filesystem::path& path, const Contents& contents) {
  if (!os::is_trusted_owner(contents.file.st_uid) || !os::is_trusted_owner(contents.name.st_uid)) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format(
            "{} belongs to another user, who could set anything for us; work in another folder, or run: "
            "chown {} {}",
            path.string(), ::geteuid(), path.string()));
  }
  if ((contents.file.st_mode & os::kOthersWrite) != 0) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} can be written by other users, who could set anything for us; run: chmod go-w {}",
                    path.string(), path.string()));
  }
  return {};
}

Result<void> check_secrets(const std::filesystem::path& path, const Contents& contents, const EnvText& text) {
  if ((contents.file.st_mode & 077) == 0) return {};
  const auto secret = std::ranges::find_if(text.variables, [](const auto& variable) {
    const Setting* setting = find_variable(variable.first);
    const std::string& value = variable.second.value;
    // The stack's example says in the secret's place that it is to be generated.
    return setting != nullptr && setting->secret && !value.empty() && value != setting->stack;
  });
  if (secret == text.variables.end()) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("{} holds {} and can be read by other users; run: chmod 600 {}", path.string(),
                          secret->first, path.string()));
}

Result<void> check_lines(const std::filesystem::path& path, const EnvText& text) {
  for (const EnvProblem& problem : text.problems) {
    if (ours(problem.name) != nullptr) return refused_line(path, problem.line, problem.name, problem.reason);
  }
  for (const auto& [name, line] : text.variables) {
    const Setting* setting = ours(name);
    if (setting != nullptr && setting->names_program && !line.value.empty()) {
      return refused_line(
          path, line.line, name,
          "says which program or library is run, which a file may not: take the line out and set the "
          "variable in the environment");
    }
  }
  return {};
}

bool sets_any_of_ours(const EnvText& text) {
  const auto is_ours = [](const auto& variable) { return ours(variable.first) != nullptr; };
  return std::ranges::any_of(text.variables, is_ours) ||
         std::ranges::any_of(text.problems, [](const EnvProblem& problem) {
           return problem.sets && ours(problem.name) != nullptr;
         });
}

Result<EnvFile> take(const std::filesystem::path& path, const Contents& contents) {
  const EnvText text = parse_env(contents.text, from_environment);
  if (!sets_any_of_ours(text)) return EnvFile{};
  if (!is_given_by_a_container_runtime(path)) {
    SDP_RETURN_IF_ERROR(check_writers(path, contents));
    SDP_RETURN_IF_ERROR(check_secrets(path, contents, text));
  }
  SDP_RETURN_IF_ERROR(check_lines(path, text));
  EnvFile loaded{path, {}};
  for (const auto& [name, line] : text.variables) {
    // The stack's own, too: `doctor stack` reads them.
    if (find_variable(name) == nullptr) continue;
    if (std::getenv(name.c_str()) != nullptr) continue;
    ::setenv(name.c_str(), line.value.c_str(), 0);
    loaded.lines.emplace(name, line.line);
  }
  return loaded;
}

}  // namespace

Result<EnvFile> load_env_file(const std::filesystem::path& path) {
  const auto contents = read_regular_file(path);
  if (!contents && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no settings file {}; SPOTIFY_ENV_FILE names it", path.string()));
  }
  if (!contents) {
    return fail(ErrorKind::misconfigured,
                fmt::format("settings file {} cannot be read: it must be a regular file of at most {} bytes",
                            path.string(), kFileBytesMax));
  }
  return take(path, *contents);
}

Result<EnvFile> load_env_file() {
  const char* named = std::getenv("SPOTIFY_ENV_FILE");
  if (named != nullptr && *named != '\0') return load_env_file(std::filesystem::path(named));
  const std::filesystem::path standard(".env");
  const auto contents = read_regular_file(standard);
  return contents ? take(standard, *contents) : Result<EnvFile>(EnvFile{});
}

}  // namespace sdp::settings
