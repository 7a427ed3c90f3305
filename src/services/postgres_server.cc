#include "services/postgres_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "os/files.h"
#include "services/network.h"

namespace sdp::services {
namespace {

constexpr std::chrono::milliseconds kInitialiseLimit{120'000};
const std::filesystem::path kPrograms = "/usr/lib/postgresql/15/bin";

/// PostgreSQL refuses to be root. For root it gets a user namespace in which it is nobody; its files stay
/// root's, wherever the data folder is.
std::vector<std::string> not_as_root(std::vector<std::string> arguments) {
  if (::geteuid() != 0) return arguments;
  std::vector<std::string> result{"unshare", "--user", "--map-user=65534", "--map-group=65534"};
  for (auto& argument : arguments) result.push_back(std::move(argument));
  return result;
}

Result<void> prepare(const Settings& settings, const std::filesystem::path& data,
                     const AirflowSecrets& secrets) {
  std::error_code ignored;
  if (!std::filesystem::exists(kPrograms / "postgres", ignored)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("PostgreSQL 15 is not in {}; run: tools/setup airflow", kPrograms.string()));
  }
  if (std::filesystem::exists(data / "complete", ignored)) return {};
  // What is there without the mark is a start that was cut off: nothing was ever kept in it.
  std::filesystem::remove_all(data, ignored);
  SDP_RETURN_IF_ERROR(os::make_folder(data.parent_path()));
  const auto password_file = data.parent_path() / ".postgres-password";
  SDP_RETURN_IF_ERROR(os::write_file(password_file, secrets.database_password.reveal(), 0600));
  const os::Command initialise{
      .arguments = not_as_root({(kPrograms / "initdb").string(), "--pgdata", data.string(),
                                "--username=airflow", "--pwfile", password_file.string(),
                                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"}),
      .environment = {},
      .log = settings.data / "logs" / "postgres-initdb.log"};
  auto done = run_to_end(initialise, kInitialiseLimit);
  std::filesystem::remove(password_file, ignored);
  SDP_RETURN_IF_ERROR(done);
  return os::write_file(data / "complete", "", 0600);
}

}  // namespace

Server postgres_server(const Settings& settings, const AirflowSecrets& secrets) {
  const auto data = settings.data / "airflow" / "postgres";
  Server server;
  server.role = "postgres";
  server.program = "postgres";
  server.address = fmt::format("127.0.0.1:{}", settings.postgres_port);
  server.command.arguments = not_as_root({(kPrograms / "postgres").string(), "-D", data.string(), "-p",
                                          std::to_string(settings.postgres_port), "-c",
                                          "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="});
  server.command.log = settings.data / "logs" / "postgres.log";
  server.ports = {{"PostgreSQL", settings.postgres_port, "--postgres-port", "SPOTIFY_POSTGRES_PORT"}};
  server.logs = {server.command.log};
  server.prepare = [settings, data, secrets] { return prepare(settings, data, secrets); };
  server.probe = [port = settings.postgres_port] { return probe_tcp(port); };
  server.others_need_it = true;
  return server;
}

}  // namespace sdp::services
