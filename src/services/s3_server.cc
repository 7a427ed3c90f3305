#include "services/s3_server.h"

#include <fmt/format.h>

#include "os/files.h"
#include "services/network.h"

namespace sdp::services {
namespace {

constexpr std::chrono::milliseconds kS3ProbeLimit{2'000};
constexpr std::string_view kVersitygwHealthPath = "/_health";

std::string loopback(std::uint16_t port) {
  return fmt::format("127.0.0.1:{}", port);
}

Result<void> prepare(const std::filesystem::path& program, const std::filesystem::path& data) {
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the S3 server {} is not there; run: tools/setup services", program.string()));
  }
  return os::make_folder(data);
}

Server minio(const Settings& settings, const local::Credentials& credentials) {
  const auto program = settings.deps / "minio" / "minio";
  // As it is called in the folder of the services: MinIO takes `{1...4}` in a path for several.
  const std::string data = "minio";
  Server server;
  server.command.arguments = {program.string(),
                              "server",
                              "--quiet",
                              "--config-dir",
                              "config/minio",
                              "--address",
                              loopback(settings.s3_port),
                              "--console-address",
                              loopback(settings.s3_console_port),
                              data};
  server.command.environment = {{"MINIO_ROOT_USER", credentials.access_key},
                                {"MINIO_ROOT_PASSWORD", credentials.secret_key.reveal()},
                                {"MINIO_UPDATE", "off"}};
  server.ports = {
      {"MinIO", settings.s3_port, "--s3-port", "SPOTIFY_S3_PORT"},
      {"MinIO's console", settings.s3_console_port, "--s3-console-port", "SPOTIFY_S3_CONSOLE_PORT"}};
  server.prepare = [program, folder = settings.data / data] { return prepare(program, folder); };
  server.probe = [url = fmt::format("http://{}/minio/health/ready", loopback(settings.s3_port))] {
    return probe_http(url, kS3ProbeLimit);
  };
  return server;
}

Server versitygw(const Settings& settings, const local::Credentials& credentials) {
  const auto program = settings.deps / "versitygw" / "versitygw";
  const auto data = settings.data / "versitygw";
  Server server;
  server.command.arguments = {program.string(), "--port",   loopback(settings.s3_port),        "--quiet",
                              "--keep-alive",   "--health", std::string(kVersitygwHealthPath), "posix",
                              data.string()};
  server.command.environment = {{"ROOT_ACCESS_KEY", credentials.access_key},
                                {"ROOT_SECRET_KEY", credentials.secret_key.reveal()}};
  server.ports = {{"versitygw", settings.s3_port, "--s3-port", "SPOTIFY_S3_PORT"}};
  server.prepare = [program, data] { return prepare(program, data); };
  server.probe = [url = fmt::format("http://{}{}", loopback(settings.s3_port), kVersitygwHealthPath)] {
    return probe_http(url, kS3ProbeLimit);
  };
  return server;
}

}  // namespace

Server s3_server(const Settings& settings, const local::Credentials& credentials) {
  auto server =
      settings.s3_server == S3Server::minio ? minio(settings, credentials) : versitygw(settings, credentials);
  server.role = "s3";
  server.program = name(settings.s3_server);
  server.address = fmt::format("http://{}", loopback(settings.s3_port));
  server.command.folder = settings.data;
  server.command.log = settings.data / "logs" / fmt::format("{}.log", server.program);
  server.logs = {server.command.log};
  return server;
}

}  // namespace sdp::services
