#include "support/snowflake_emulator.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sdp::support {
namespace {

constexpr std::chrono::seconds kStartMax{60};

std::filesystem::path folder(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr)
    throw std::runtime_error(std::string(variable) + " is not set; tests of the emulator run by ctest");
  return value;
}

}  // namespace

SnowflakeEmulator::SnowflakeEmulator() {
  const std::filesystem::path ready = folder_.path() / "ready";
  const double idle_seconds = std::chrono::duration<double>(kEmulatorIdleTransaction).count();
  os::Command command;
  command.arguments = {folder("SDP_DEPS_DIR") / "venv-emulator/bin/python",
                       "-B",
                       folder("SDP_SOURCE_DIR") / "tests/emulator/start.py",
                       "--ready",
                       ready,
                       "--idle-transaction-seconds",
                       std::to_string(idle_seconds)};
  command.log = folder_.path() / "log";
  process_.emplace(command);
  const bool started =
      wait_until(kStartMax, [&] { return std::filesystem::exists(ready) || !process_->is_running(); });
  if (!started || !process_->is_running())
    throw std::runtime_error("the emulator of Snowflake does not start; see " + command.log.string());
  std::ifstream(ready) >> port_;
}

}  // namespace sdp::support
