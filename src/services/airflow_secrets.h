#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/secret.h"

namespace sdp::services {

/// What Airflow and its PostgreSQL must keep to themselves. Made at random on first use; there are no default
/// ones.
struct AirflowSecrets {
  Secret database_password;
  Secret jwt_key;      ///< signs what the API gives to people and tasks
  Secret session_key;  ///< signs the UI's cookies
  Secret fernet_key;   ///< encrypts connections and variables in the database
};

/// Reads the secrets of an AIRFLOW_HOME, or makes them, and the file of its one user's password. Both files
/// are for their owner alone; ones that others can read are refused. Call under the folder's lock.
Result<AirflowSecrets> load_or_make_airflow_secrets(const std::filesystem::path& home);

/// JSON of user names and passwords, as Airflow's SimpleAuthManager reads it.
std::filesystem::path airflow_passwords_path(const std::filesystem::path& home);

}  // namespace sdp::services
