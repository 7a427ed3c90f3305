#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace sdp::services {

enum class S3Server { minio, versitygw };

std::string_view name(S3Server server);
Result<S3Server> parse_s3_server(std::string_view text);

/// Everything listens on 127.0.0.1 only.
struct Settings {
  std::filesystem::path deps = ".deps";  ///< The .deps folder that tools/setup fills (local::find_deps).
  std::filesystem::path data = "data/services";  ///< State, logs and the servers' own data.
  S3Server s3_server = S3Server::minio;
  std::uint16_t kafka_port = 9092;
  std::uint16_t kafka_controller_port = 9093;
  std::uint16_t s3_port = 9002;
  std::uint16_t s3_console_port = 9001;  ///< MinIO's; versitygw has none.
  bool kafka_and_s3 = true;              ///< What `up` starts and `down` stops.
  bool airflow = false;                  ///< The same, with its PostgreSQL.
  std::uint16_t airflow_port = 8080;
  std::uint16_t postgres_port = 15432;  ///< Not 5432, where a machine's own one listens.
  std::filesystem::path dags;           ///< Airflow's folder of DAGs.
  std::filesystem::path pipeline;       ///< The executable that tasks call.
  std::chrono::milliseconds start_limit{60'000};
  std::chrono::milliseconds stop_limit{20'000};
};

}  // namespace sdp::services
