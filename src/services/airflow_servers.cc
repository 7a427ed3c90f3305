#include "services/airflow_servers.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cstdlib>

#include "base/utc_time.h"
#include "os/files.h"
#include "services/network.h"

namespace sdp::services {
namespace {

constexpr std::chrono::milliseconds kAirflowProbeLimit{5'000};
constexpr std::chrono::milliseconds kMigrateLimit{300'000};
/// Airflow imports for seconds before it does anything.
constexpr int kStartLimits = 3;
/// Of the tasks that open the warehouse.
constexpr std::string_view kWarehousePool = "spotify_warehouse";

struct Component {
  std::string_view command;
  std::string_view health_name;     ///< in the answer of /api/v2/monitor/health
  std::string_view heartbeat_name;  ///< there too; empty for the one that answers
  std::vector<std::string> options;
};

std::string base_url(const Settings& settings) {
  return fmt::format("http://127.0.0.1:{}", settings.airflow_port);
}

std::filesystem::path home_of(const Settings& settings) {
  return settings.data / "airflow";
}

std::filesystem::path airflow_program(const Settings& settings) {
  return settings.deps / "venv-airflow" / "bin" / "airflow";
}

Result<void> migrate(const Settings& settings, const AirflowSecrets& secrets) {
  std::error_code ignored;
  const auto program = airflow_program(settings);
  if (!std::filesystem::exists(program, ignored)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("Airflow is not in {}; run: tools/setup airflow", program.string()));
  }
  if (!std::filesystem::is_directory(settings.dags, ignored)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the folder of DAGs {} is not there; say where it is with --dags",
                            settings.dags.string()));
  }
  const os::Command migrate{.arguments = {program.string(), "db", "migrate"},
                            .environment = airflow_environment(settings, secrets),
                            .log = settings.data / "logs" / "airflow-migrate.log"};
  SDP_RETURN_IF_ERROR(run_to_end(migrate, kMigrateLimit));
  os::Command pool = migrate;
  pool.arguments = {program.string(),
                    "pools",
                    "set",
                    std::string(kWarehousePool),
                    "1",
                    "One process writes to a DuckDB file"};
  pool.log = settings.data / "logs" / "airflow-pool.log";
  return run_to_end(pool, kMigrateLimit);
}

Server airflow_server(const Settings& settings, const AirflowSecrets& secrets, const Component& component) {
  Server server;
  server.role = fmt::format("airflow-{}", component.command);
  server.program = server.role;
  server.address = base_url(settings);
  server.command.arguments = {airflow_program(settings).string(), std::string(component.command)};
  for (const auto& option : component.options) server.command.arguments.push_back(option);
  server.command.environment = airflow_environment(settings, secrets);
  server.command.log = settings.data / "logs" / fmt::format("{}.log", server.role);
  server.logs = {server.command.log};
  server.start_limits = kStartLimits;
  server.prepare = [] { return Result<void>{}; };
  server.probe = [url = base_url(settings) + "/api/v2/monitor/health",
                  name = std::string(component.health_name)]() -> Result<void> {
    SDP_TRY(const auto answer, get_http(url, kAirflowProbeLimit));
    return check_health(answer, name);
  };
  if (component.heartbeat_name.empty()) return server;
  // Airflow calls a component healthy for half a minute after its last heartbeat, be it dead or not.
  server.probe_started =
      [url = base_url(settings) + "/api/v2/monitor/health", name = std::string(component.health_name),
       heartbeat = std::string(component.heartbeat_name)](UtcMillis started) -> Result<void> {
    SDP_TRY(const auto answer, get_http(url, kAirflowProbeLimit));
    SDP_RETURN_IF_ERROR(check_health(answer, name));
    return check_heartbeat(answer, name, heartbeat, started);
  };
  return server;
}

}  // namespace

Result<void> check_health(std::string_view json, std::string_view component) {
  simdjson::dom::parser parser;
  std::string_view status;
  if (parser.parse(json.data(), json.size())[component]["status"].get(status) != simdjson::SUCCESS)
    status = "not told";
  if (status == "healthy") return {};
  return fail(ErrorKind::retry, fmt::format("health of {}: {}", component, status));
}

Result<void> check_heartbeat(std::string_view json, std::string_view component, std::string_view name,
                             UtcMillis started) {
  simdjson::dom::parser parser;
  std::string_view text;
  std::ignore = parser.parse(json.data(), json.size())[component][name].get(text);
  const auto heartbeat = base::parse_iso(text);
  if (heartbeat && *heartbeat >= started) return {};
  return fail(ErrorKind::retry,
              fmt::format("no heartbeat of {} since its start at {}, the last one: {}", component,
                          base::format_iso(started), text.empty() ? "none" : text));
}

std::map<std::string, std::string> airflow_environment(const Settings& settings,
                                                       const AirflowSecrets& secrets) {
  const auto home = home_of(settings);
  const auto url = base_url(settings);
  std::map<std::string, std::string> result{
      {"AIRFLOW_HOME", home.string()},
      {"AIRFLOW__CORE__DAGS_FOLDER", settings.dags.string()},
      {"AIRFLOW__CORE__LOAD_EXAMPLES", "False"},
      {"AIRFLOW__CORE__EXECUTOR", "LocalExecutor"},
      {"AIRFLOW__CORE__PARALLELISM", "4"},
      {"AIRFLOW__CORE__FERNET_KEY", secrets.fernet_key.reveal()},
      {"AIRFLOW__CORE__AUTH_MANAGER",
       "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"},
      {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin"},
      {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", airflow_passwords_path(home).string()},
      {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url + "/execution/"},
      {"AIRFLOW__API__BASE_URL", url},
      {"AIRFLOW__API__HOST", "127.0.0.1"},
      {"AIRFLOW__API__PORT", std::to_string(settings.airflow_port)},
      {"AIRFLOW__API__WORKERS", "1"},
      {"AIRFLOW__API__SECRET_KEY", secrets.session_key.reveal()},
      {"AIRFLOW__API_AUTH__JWT_SECRET", secrets.jwt_key.reveal()},
      {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
       fmt::format("postgresql+psycopg2://airflow:{}@127.0.0.1:{}/postgres",
                   secrets.database_password.reveal(), settings.postgres_port)},
      // How soon a new scheduler takes up the tasks of one that was killed; Airflow's default is five
      // minutes.
      {"AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL", "15"},
      {"AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "False"},
      {"SPOTIFY_WORK_DIR", std::filesystem::current_path().string()}};
  // Processes of Airflow speak to each other through HTTP clients that would ask a proxy.
  const char* no_proxy = std::getenv("NO_PROXY");
  result["NO_PROXY"] = result["no_proxy"] =
      fmt::format("127.0.0.1{}{}", no_proxy != nullptr ? "," : "", no_proxy != nullptr ? no_proxy : "");
  const std::array<std::pair<const char*, std::string>, 4> defaults{
      {{"SPOTIFY_PIPELINE", settings.pipeline.string()},
       {"SPOTIFY_WAREHOUSE_POOL", std::string(kWarehousePool)},
       {"SPOTIFY_SERVICES_DATA", settings.data.string()},
       {"SDP_DEPS_DIR", settings.deps.string()}}};
  for (const auto& [name, value] : defaults) {
    if (std::getenv(name) == nullptr) result[name] = value;
  }
  return result;
}

std::vector<Server> airflow_servers(const Settings& settings, const AirflowSecrets& secrets) {
  const std::array<Component, 4> components{
      {{"api-server", "metadatabase", "", {}},
       {"scheduler", "scheduler", "latest_scheduler_heartbeat", {"--skip-serve-logs"}},
       {"dag-processor", "dag_processor", "latest_dag_processor_heartbeat", {}},
       {"triggerer", "triggerer", "latest_triggerer_heartbeat", {"--skip-serve-logs"}}}};
  std::vector<Server> servers;
  for (const auto& component : components) servers.push_back(airflow_server(settings, secrets, component));
  servers.front().prepare = [settings, secrets] { return migrate(settings, secrets); };
  servers.front().ports = {
      {"Airflow's UI and API", settings.airflow_port, "--airflow-port", "SPOTIFY_AIRFLOW_PORT"}};
  return servers;
}

}  // namespace sdp::services
