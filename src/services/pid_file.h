#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "services/process.h"

namespace sdp::services {

/// What is kept of a started service: enough to signal that process and no other, and to say where it
/// listens and has its data.
struct PidRecord {
  ProcessId process;
  std::string program;  ///< Which server it is: "kafka", "minio", "versitygw".
  std::string address;
  std::string folder;     ///< Of the services, as it was called then; empty in a file of an earlier version.
  bool stopping = false;  ///< It was told to end, or is about to be.

  bool operator==(const PidRecord&) const = default;
};

/// Lines of `name=value`, so that a person can read and a shell can cut it.
std::string encode(const PidRecord& record);
Result<PidRecord> decode_pid_record(std::string_view text);

/// Nothing when there is no such file.
Result<std::optional<PidRecord>> read_pid_file(const std::filesystem::path& path);
Result<void> write_pid_file(const std::filesystem::path& path, const PidRecord& record);

}  // namespace sdp::services
