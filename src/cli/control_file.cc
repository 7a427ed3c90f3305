#include "cli/control_file.h"

#include <fmt/format.h>

#include <utility>

#include "cli/fault_rates.h"
#include "diag/log.h"
#include "os/files.h"

namespace sdp::cli {
namespace {

/// More than anybody has to say.
constexpr std::size_t kControlBytesMax = 64 << 10;

/// Nothing when there is no file. A pipe would hold up the simulation.
Result<std::optional<std::string>> read_control(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return std::optional<std::string>{};
  if (!std::filesystem::is_regular_file(status)) return fail(ErrorKind::misconfigured, "it is not a file");
  return os::read_file(path, kControlBytesMax);
}

}  // namespace

std::optional<simulate::Steering> ControlFile::look() {
  const auto refuse = [this](const std::string& why) {
    diag::log_event("simulate.control.refused", {{"path", path_.string()}, {"message", why}});
  };
  const auto text = read_control(path_);
  if (!text) {
    if (std::exchange(seen_, text.error().message) != text.error().message) refuse(text.error().message);
    return {};
  }
  if (!*text || std::exchange(seen_, **text) == **text) return {};
  const auto steering = parse_control(**text, now_);
  if (!steering) {
    refuse(steering.error().message);
    return {};
  }
  now_ = *steering;
  diag::log_event("simulate.steered",
                  {{"path", path_.string()},
                   {"message", fmt::format("rate {}, faults {}", now_.rate,
                                           now_.faults.any() ? rates_text(now_.faults) : "none")}});
  return now_;
}

}  // namespace sdp::cli
