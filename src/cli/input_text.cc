#include "cli/input_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "os/posix_file.h"

namespace sdp::cli {
namespace {

constexpr int kPatienceMs = 100;

std::unexpected<Error> unreadable(std::string_view name) {
  return fail(ErrorKind::misconfigured,
              fmt::format("{} cannot be read: {}", name, std::generic_category().message(errno)));
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, std::string_view too_large,
                               const std::stop_token& stop) {
  const bool is_standard = path == "-";
  const std::string_view name = is_standard ? std::string_view("standard input") : std::string_view(path);
  os::UniqueFd file;
  if (!is_standard) {
    // Else opening a pipe waits for who writes to it, and nothing ends that.
    file = os::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return unreadable(name);
  }
  const int descriptor = is_standard ? STDIN_FILENO : file.get();
  std::string text;
  std::array<char, std::size_t{64} << 10> part{};
  while (text.size() <= bytes_max) {
    if (stop.stop_requested())
      return fail(ErrorKind::interrupted, fmt::format("stopped before {} was read", name));
    pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wanted, 1, kPatienceMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t length = ::read(descriptor, part.data(), part.size());
    if (length < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (length < 0) return unreadable(name);
    if (length == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(length));
  }
  return fail(ErrorKind::bad_input, fmt::format("{} has more than {} bytes{}", name, bytes_max, too_large));
}

}  // namespace sdp::cli
