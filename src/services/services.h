#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/kafka_server.h"
#include "services/pid_file.h"
#include "services/server.h"
#include "services/settings.h"

namespace sdp::services {

/// Takes one line for people; never a secret.
using Say = std::function<void(std::string_view line)>;

enum class Health { up, unhealthy, down };

std::string_view name(Health health);

struct ServiceStatus {
  std::string role;     ///< "kafka", "s3", "postgres", "airflow-scheduler"...
  std::string program;  ///< "kafka", "minio", "versitygw", "postgres"...
  Health health = Health::down;
  pid_t pid = 0;        ///< 0 when down
  std::string address;  ///< Where it listens, or would listen.
};

/// A real Kafka, a real S3 server and a real Airflow as detached processes that outlive us, with all state in
/// one folder: pid files, endpoints, configuration, logs, credentials and the servers' own data. One `up` or
/// `down` at a time for a folder. Not thread-safe.
class Services {
 public:
  Services(Settings settings, KafkaProbe kafka_probe, Clock& clock, Say say);

  /// Starts what does not run yet writes endpoints.json, and waits until all of it is healthy, and runs.
  /// When one does not come up, those started here are stopped again and the error shows the end of its log;
  /// likewise when `stop` is requested (`interrupted`).
  Result<void> up(std::stop_token stop = {});
  /// Stops what runs of the chosen ones; data stays. Kafka's or the S3 server's end takes endpoints.json
  /// away.
  Result<void> down();
  Result<std::vector<ServiceStatus>> status() const;

 private:
  Result<std::vector<Server>> servers();
  bool is_chosen(std::string_view role) const;
  std::filesystem::path pid_path(std::string_view role) const;
  Result<std::optional<PidRecord>> running(std::string_view role) const;
  /// Whether its server was started for this folder under the name that it has now.
  bool is_here(const PidRecord& record) const;
  /// Whether this folder is a copy, and the server is that of the folder it was copied from.
  bool is_of_original(std::string_view role, const PidRecord& record) const;
  /// When it was started; nothing when it ran already.
  Result<std::optional<UtcMillis>> start(const Server& server);
  /// Waits until it is healthy. One that ran already may have been about to end, by what a command did that
  /// was killed: it is started then, and `started` says when.
  Result<void> bring_up(const Server& server, const std::vector<Server>& servers,
                        std::optional<UtcMillis>& started, const std::stop_token& stop);
  Result<void> await_health(const Server& server, std::optional<UtcMillis> started,
                            const std::stop_token& stop);
  Result<void> check_runs(const Server& server) const;
  Result<void> tell_endpoints(const std::vector<Server>& servers) const;
  Result<ServiceStatus> status_of(std::string_view role) const;
  /// Those of a layer side by side, the highest layer first. What cannot be stopped keeps nothing else
  /// running; the first error is returned.
  Result<void> stop_layers(const std::function<bool(std::string_view role)>& which);
  Result<void> stop_together(const std::vector<std::string_view>& roles);
  Result<void> finish(std::string_view role, const PidRecord& record, Stopping& stopping);
  Error not_healthy(const Server& server, std::string_view reason) const;

  Settings settings_;
  KafkaProbe kafka_probe_;
  Clock& clock_;
  Say say_;
};

}  // namespace sdp::services
