#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/process.h"

namespace sdp::services {

/// A port of a server, with the option and the variable that move it elsewhere.
struct Port {
  std::string use;
  std::uint16_t number = 0;
  std::string option;
  std::string variable;
};

/// A server as it is to be run: what Services starts, watches and stops without knowing which one it is.
struct Server {
  std::string role;     ///< "kafka", "s3", "postgres", "airflow-scheduler"...: names its pid file and is what
                        ///< people see.
  std::string program;  ///< "kafka", "minio" or "versitygw".
  std::string address;  ///< What clients are given.
  os::Command command;
  std::vector<Port> ports;
  std::vector<std::filesystem::path> logs;  ///< Where the reason stands when it does not come up.
  std::function<Result<void>()> prepare;    ///< Before each start: folders, configuration, formatting.
  std::function<Result<void>()> probe;  ///< One health request with a limit of its own; success means ready.
  /// Asked instead of `probe` of one that was started at that time, when `probe` may be answered by what a
  /// dead one left behind.
  std::function<Result<void>(UtcMillis started)> probe_started = {};
  bool others_need_it = false;  ///< Healthy before the next one is prepared.
  int start_limits = 1;         ///< How many times Settings::start_limit it may take.
};

}  // namespace sdp::services
