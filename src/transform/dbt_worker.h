#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "os/file_lock.h"
#include "transform/transform.h"

namespace sdp::transform {

/// dbt that is loaded once for many calls (dbt_worker.py).
class DbtWorker {
 public:
  /// Starts it and does not wait until it has loaded dbt: calls do. `misconfigured` when there is no Python
  /// beside dbt, `cannot_write` when there is no place for its socket. That it has ended is told
  /// unless `stop` was requested: a build that is stopped may take the worker with it.
  static Result<std::unique_ptr<DbtWorker>> start(const TransformOptions& options, std::stop_token stop = {});
  /// Ends it, and calls that are under way.
  ~DbtWorker();
  DbtWorker(const DbtWorker&) = delete;
  DbtWorker& operator=(const DbtWorker&) = delete;

  /// False once it has ended, as when somebody killed it; whoever has it then starts another one.
  bool is_running() const { return is_running_; }

  /// What is called in place of dbt, for TransformOptions::dbt_client.
  const std::vector<std::string>& client() const { return client_; }

 private:
  DbtWorker(std::filesystem::path folder, std::vector<std::string> client)
      : folder_(std::move(folder)), client_(std::move(client)) {}

  std::filesystem::path folder_;      ///< of its own: the program and the socket
  std::optional<os::FileLock> lock_;  ///< in the folder, by which others see that somebody works there
  std::vector<std::string> client_;
  std::atomic<bool> is_running_{true};
  std::jthread thread_;  ///< waits for its end
};

}  // namespace sdp::transform
