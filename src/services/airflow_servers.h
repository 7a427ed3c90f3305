#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/airflow_secrets.h"
#include "services/server.h"
#include "services/settings.h"

namespace sdp::services {

/// Airflow's processes: API server with the UI, scheduler, DAG processor, triggerer. The API server's
/// preparation brings the database to this version of Airflow, so PostgreSQL must be up. Servers that hand
/// out logs listen on all addresses, so none is started: the API server reads the same folder.
std::vector<Server> airflow_servers(const Settings& settings, const AirflowSecrets& secrets);

/// Settings and secrets of every process of Airflow and so of its tasks, which find the pipeline by them.
/// What our own environment says of the pipeline goes before.
std::map<std::string, std::string> airflow_environment(const Settings& settings,
                                                       const AirflowSecrets& secrets);

/// Whether Airflow's answer at /api/v2/monitor/health calls a component (`scheduler`) healthy; `retry`
/// otherwise.
Result<void> check_health(std::string_view json, std::string_view component);

/// Whether the same answer tells in `name` (`latest_scheduler_heartbeat`) of a heartbeat not older than
/// `started`; `retry` otherwise.
Result<void> check_heartbeat(std::string_view json, std::string_view component, std::string_view name,
                             UtcMillis started);

}  // namespace sdp::services
