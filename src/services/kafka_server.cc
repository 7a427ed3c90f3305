#include "services/kafka_server.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "os/files.h"
#include "services/network.h"

namespace sdp::services {
namespace {

constexpr std::chrono::milliseconds kFormatLimit{60'000};

/// Kafka writes this log itself and keeps at most five of 10 MB.
constexpr std::string_view kLogProperties = R"(status = warn
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {0}/kafka-server.log
appender.file.filePattern = {0}/kafka-server.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSSX}}{{UTC}} %p %c{{1}}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 5
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
)";

struct Paths {
  explicit Paths(const Settings& settings)
      : data(settings.data / "kafka"),
        properties(settings.data / "config" / "kafka.properties"),
        log_properties(settings.data / "config" / "kafka-log4j2.properties"),
        logs(settings.data / "logs"),
        libraries(settings.deps / "kafka" / "libs") {}

  std::filesystem::path data;
  std::filesystem::path properties;
  std::filesystem::path log_properties;
  std::filesystem::path logs;
  std::filesystem::path libraries;
};

std::vector<std::string> java(const Paths& paths, std::vector<std::string> arguments) {
  std::vector<std::string> result{"java",
                                  "-Xms256m",
                                  "-Xmx512m",
                                  "-Djava.awt.headless=true",
                                  fmt::format("-Dlog4j2.configurationFile={}", paths.log_properties.string()),
                                  "-cp",
                                  (paths.libraries / "*").string()};
  for (auto& argument : arguments) result.push_back(std::move(argument));
  return result;
}

/// 16 random bytes in URL-safe base64, as Kafka writes its ids.
std::string new_cluster_id() {
  std::array<char, 16> bytes{};
  const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
  auto text = base::base64(std::string_view(bytes.data(), static_cast<std::size_t>(got)));
  for (char& c : text) c = c == '+' || c == '/' ? 'A' : c;
  return text.substr(0, 22);
}

Result<void> prepare(const Settings& settings) {
  const Paths paths(settings);
  std::error_code ignored;
  if (!std::filesystem::is_directory(paths.libraries, ignored)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("Kafka is not in {}; run: tools/setup services", paths.libraries.string()));
  }
  SDP_RETURN_IF_ERROR(os::make_folder(paths.data));
  SDP_RETURN_IF_ERROR(os::make_folder(paths.properties.parent_path()));
  SDP_RETURN_IF_ERROR(os::write_file(paths.properties, kafka_properties(settings), 0644));
  SDP_RETURN_IF_ERROR(
      os::write_file(paths.log_properties, fmt::format(kLogProperties, paths.logs.string()), 0644));
  if (std::filesystem::exists(paths.data / "meta.properties", ignored)) return {};
  const os::Command format{
      .arguments = java(paths, {"kafka.tools.StorageTool", "format", "--cluster-id", new_cluster_id(),
                                "--config", paths.properties.string()}),
      .environment = {},
      .log = paths.logs / "kafka-format.log"};
  return run_to_end(format, kFormatLimit);
}

}  // namespace

std::string kafka_properties(const Settings& settings) {
  const std::array<std::pair<std::string_view, std::string>, 24> properties{{
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", fmt::format("1@127.0.0.1:{}", settings.kafka_controller_port)},
      {"controller.listener.names", "CONTROLLER"},
      {"listeners", fmt::format("PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", settings.kafka_port,
                                settings.kafka_controller_port)},
      {"advertised.listeners", fmt::format("PLAINTEXT://127.0.0.1:{}", settings.kafka_port)},
      {"inter.broker.listener.name", "PLAINTEXT"},
      {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
      {"log.dirs", (settings.data / "kafka").string()},
      {"auto.create.topics.enable", "false"},
      {"num.partitions", "6"},
      {"offsets.topic.num.partitions", "4"},
      {"offsets.topic.replication.factor", "1"},
      {"transaction.state.log.num.partitions", "4"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"share.coordinator.state.topic.num.partitions", "4"},
      {"share.coordinator.state.topic.replication.factor", "1"},
      {"share.coordinator.state.topic.min.isr", "1"},
      {"group.initial.rebalance.delay.ms", "0"},
      // Lets --session-timeout-ms go as low as the command line takes it: what a killed sink held moves on in
      // a second.
      {"group.min.session.timeout.ms", "1000"},
      // The sink must be able to meet values of 2 MiB and reject them by itself.
      {"message.max.bytes", "4194304"},
      {"replica.fetch.max.bytes", "4194304"},
      {"controlled.shutdown.enable", "false"},
  }};
  std::string text;
  for (const auto& [key, value] : properties) text += fmt::format("{}={}\n", key, value);
  return text;
}

Server kafka_server(const Settings& settings, KafkaProbe probe) {
  const Paths paths(settings);
  const auto address = fmt::format("127.0.0.1:{}", settings.kafka_port);
  return {.role = "kafka",
          .program = "kafka",
          .address = address,
          .command = {.arguments = java(paths, {"kafka.Kafka", paths.properties.string()}),
                      .environment = {},
                      .log = paths.logs / "kafka.log"},
          .ports = {{"Kafka", settings.kafka_port, "--kafka-port", "SPOTIFY_KAFKA_PORT"},
                    {"Kafka's controller", settings.kafka_controller_port, "--kafka-controller-port",
                     "SPOTIFY_KAFKA_CONTROLLER_PORT"}},
          .logs = {paths.logs / "kafka.log", paths.logs / "kafka-server.log"},
          .prepare = [settings] { return prepare(settings); },
          .probe = [port = settings.kafka_port, address, probe = std::move(probe)]() -> Result<void> {
            SDP_RETURN_IF_ERROR(probe_tcp(port));
            return probe ? probe(address) : Result<void>{};
          }};
}

}  // namespace sdp::services
