#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/disks.h"

namespace sdp::cli {

/// What a command has done, as far as it counts anything.
struct WorkDone {
  std::optional<std::uint64_t> records{};
  std::optional<std::uint64_t> objects{};
  std::vector<DiskInUse> disks{};  ///< where it writes
  /// How long a warehouse that is paid for may have worked; nothing where it is not paid for.
  std::optional<std::chrono::milliseconds> warehouse_time{};
};

/// How a command ended.
struct CommandEnd {
  std::string command;
  int exit_code = 0;
  UtcMillis ended_at;
  std::chrono::milliseconds took{0};
  WorkDone work{};
};

/// The metrics of a command that has ended. `before` is the text that the run before wrote: its counts go on,
/// and when this run failed, so does its last success.
std::string metrics_of(const CommandEnd& end, std::string_view before);

/// Writes a command's metrics when it ends, whichever way it ends (docs/metrics.md). One to a command.
class MetricsFile {
 public:
  /// Without a path nothing is written. The command begins now.
  MetricsFile(std::string command, std::filesystem::path path, Clock& clock);
  /// A command that ends by an exception fails.
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  WorkDone& work() { return work_; }
  /// Readers of the file see what it was, or all of this. `cannot_write` says why there is no file.
  Result<void> write(int exit_code);

 private:
  const std::string command_;
  const std::filesystem::path path_;
  Clock& clock_;
  const SteadyTime begun_at_;
  WorkDone work_;
  bool is_written_ = false;
};

}  // namespace sdp::cli
