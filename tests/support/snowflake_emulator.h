#pragma once

#include <optional>

#include "support/child_process.h"
#include "support/temporary_folder.h"

namespace sdp::support {

/// The emulator of Snowflake (tests/emulator) on a loopback port, with nothing in it. What it can tell about
/// Snowflake, and what not, is in docs/snowflake.md.
class SnowflakeEmulator {
 public:
  SnowflakeEmulator();

  int port() const { return port_; }
  ChildProcess& process() { return *process_; }

 private:
  TemporaryFolder folder_;
  std::optional<ChildProcess> process_;
  int port_ = 0;
};

/// What tests/emulator takes for the five minutes after which Snowflake ends an idle transaction that blocks
/// another.
inline constexpr std::chrono::milliseconds kEmulatorIdleTransaction{1'000};

}  // namespace sdp::support
