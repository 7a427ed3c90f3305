#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "simulate/simulation_spec.h"
#include "sink/sink_runner.h"

namespace sdp::cli {

// Settings come from flags, else from the environment variable that --help names, else from the default.
// Secrets have no flag: they come from the environment or from a file of mode 0600.

struct LogSettings {
  std::string bootstrap_servers;  ///< empty: those of the local servers
  std::string topic = "spotify-events";
  int partitions = 6;
  int replication = 1;
  std::string group = "spotify-sink";
  std::string security_protocol = "plaintext";
  std::string sasl_mechanism;
  std::string sasl_username;
  std::string ca_file;
  int session_timeout_ms = 45'000;
};

struct LakeSettings {
  std::string lake = "s3://spotify";  ///< `s3://bucket`, or a directory
  std::string endpoint;               ///< empty: that of the local servers
  std::string region = "us-east-1";
  std::string ca_file;
  bool virtual_host_style = false;
  int retry_total_s = 60;
};

/// Where the local servers keep what clients need to know: endpoints.json and credentials.env.
struct ServicesSettings {
  std::string data = "data/services";
};

struct WarehouseSettings {
  /// `snowflake`, or a DuckDB file
  std::string place = "data/warehouse/spotify_db.duckdb";
  std::string memory_limit = "512MB";
  int threads = 2;

  bool is_snowflake() const { return place == "snowflake"; }
};

struct SimulationSettings {
  simulate::SimulationSpec spec;
  std::string start;  ///< ISO-8601; empty: so that the events end about now
};

void add_log_options(CLI::App& command, LogSettings& settings);
void add_lake_options(CLI::App& command, LakeSettings& settings);
void add_services_options(CLI::App& command, ServicesSettings& settings);
void add_warehouse_options(CLI::App& command, WarehouseSettings& settings);
void add_simulation_options(CLI::App& command, SimulationSettings& settings, const char* profile_flag);
/// The spec with its start filled in from --start or the clock.
Result<simulate::SimulationSpec> finished_spec(const SimulationSettings& settings, Clock& clock);
/// Batches, compression, gaps.
void add_sink_options(CLI::App& command, sink::SinkOptions& options);

}  // namespace sdp::cli
