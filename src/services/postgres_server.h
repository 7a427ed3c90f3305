#pragma once

#include "services/airflow_secrets.h"
#include "services/server.h"
#include "services/settings.h"

namespace sdp::services {

/// PostgreSQL of Debian's packages with a cluster of its own, which asks for a password also on loopback. It
/// keeps Airflow's metadata in database `postgres` of user `airflow`.
Server postgres_server(const Settings& settings, const AirflowSecrets& secrets);

}  // namespace sdp::services
