#include "os/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "os/new_file.h"
#include "os/posix_file.h"

namespace sdp::os {
// Not by a stream's buffer, which throws when there is a file and reading it fails: a folder, or the /proc of
// a process that has just ended.
Result<std::optional<std::string>> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  // Opening a pipe to which nobody writes would wait for ever; so it is an empty one.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  ::fcntl(fd.get(), F_SETFL, 0);
  struct stat found{};
  const auto size = ::fstat(fd.get(), &found) == 0 ? static_cast<std::size_t>(found.st_size) : 0;
  SDP_TRY(auto text, read_all(fd.get(), size, path, bytes_max));
  return std::optional(std::move(text));
}

Result<void> check_replaceable(const std::filesystem::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return {};
  return fail(ErrorKind::cannot_write,
              fmt::format("cannot write {}: it is {}, and no file that can be replaced; name another path",
                          path.string(), S_ISDIR(found.st_mode) ? "a folder" : "a device or a pipe"));
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  SDP_TRY(auto file, NewFile::open(path, mode));
  SDP_RETURN_IF_ERROR(file.append(text));
  return file.finish();
}

Result<void> make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return {};
  return fail(ErrorKind::cannot_write,
              posix_error(error.value(), Access::write, "write", path).error().message);
}

std::filesystem::path existing_ancestor(const std::filesystem::path& path) {
  std::filesystem::path at = path;
  std::error_code ignored;
  while (at.has_relative_path() && !std::filesystem::exists(at, ignored)) at = at.parent_path();
  return at;
}

Result<void> check_private(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("{} can be read by other users; run: chmod 600 {}", path.string(), path.string()));
}

std::map<std::string, std::string> parse_assignments(std::string_view text) {
  std::map<std::string, std::string> result;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    result.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
  }
  return result;
}

std::string tail_of(const std::filesystem::path& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found{};
  if (!fd || ::fstat(fd.get(), &found) != 0) return {};
  const auto size = static_cast<std::size_t>(found.st_size);
  const auto start = size > bytes_max ? size - bytes_max : 0;
  if (::lseek(fd.get(), static_cast<off_t>(start), SEEK_SET) < 0) return {};
  std::string text = read_all(fd.get(), size - start, path).value_or("");
  if (start > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

void rotate_log(const std::filesystem::path& path, std::uintmax_t bytes_max) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size <= bytes_max) return;
  auto older = path;
  older += ".1";
  std::filesystem::rename(path, older, error);
}

}  // namespace sdp::os
