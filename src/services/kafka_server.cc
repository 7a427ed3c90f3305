#include "services/kafka_server.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/terminal_text.h"
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

// All as they are called in the folder of the services, where Kafka works: it splits paths at commas and
// colons, and reads its files as Latin-1.
constexpr std::string_view kData = "kafka";
constexpr std::string_view kConfig = "config";
constexpr std::string_view kProperties = "config/kafka.properties";
constexpr std::string_view kLogPropertiesFile = "config/kafka-log4j2.properties";
constexpr std::string_view kLogs = "logs";
/// A link to where the libraries are.
constexpr std::string_view kLibraries = "config/kafka-libraries";
/// A link to classes that Java need not read and check again. It takes them if it and the libraries are those
/// that they were made by (tools/deps/recipes.sh), and reads the libraries otherwise.
constexpr std::string_view kClasses = "config/kafka-classes.jsa";

std::filesystem::path classes_of(const Settings& settings) {
  return settings.deps / "kafka-classes" / "kafka.jsa";
}

os::Command java(const Settings& settings, std::string_view log, std::vector<std::string> arguments) {
  os::Command command{.arguments = {"java", "-Xms256m", "-Xmx512m", "-Djava.awt.headless=true",
                                    fmt::format("-Dlog4j2.configurationFile={}", kLogPropertiesFile), "-cp",
                                    fmt::format("{}/*", kLibraries)},
                      // So that names of folders are read as UTF-8.
                      .environment = {{"LC_ALL", "C.UTF-8"}},
                      .folder = settings.data,
                      .log = settings.data / kLogs / log};
  std::error_code ignored;
  if (std::filesystem::exists(classes_of(settings), ignored)) {
    command.arguments.insert(command.arguments.begin() + 1,
                             {fmt::format("-XX:SharedArchiveFile={}", kClasses), "-Xshare:auto",
                              "-Xlog:cds=off", "-Xlog:cds+dynamic=off"});
  }
  for (auto& argument : arguments) command.arguments.push_back(std::move(argument));
  return command;
}

Result<void> make_link(const std::filesystem::path& target, const std::filesystem::path& link) {
  std::error_code failure;
  std::filesystem::remove(link, failure);
  std::filesystem::create_symlink(target, link, failure);
  if (!failure) return {};
  return os::posix_error(failure.value(), os::Access::write, "make", link);
}

Result<void> link_libraries(const Settings& settings) {
  const auto libraries = settings.deps / "kafka" / "libs";
  std::error_code failure;
  if (!std::filesystem::is_directory(libraries, failure)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("Kafka is not in {}; run: tools/setup services", libraries.string()));
  }
  SDP_RETURN_IF_ERROR(make_link(libraries, settings.data / kLibraries));
  if (std::filesystem::exists(classes_of(settings), failure))
    return make_link(classes_of(settings), settings.data / kClasses);
  // A link of an earlier start would lead nowhere.
  std::filesystem::remove(settings.data / kClasses, failure);
  return {};
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
  if (!base::is_utf8(settings.data.native())) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("Java reads no name of a folder that is not UTF-8, such as {}; name another one with "
                    "--data",
                    settings.data.string()));
  }
  SDP_RETURN_IF_ERROR(os::make_folder(settings.data / kData));
  SDP_RETURN_IF_ERROR(os::make_folder(settings.data / kConfig));
  SDP_RETURN_IF_ERROR(link_libraries(settings));
  SDP_RETURN_IF_ERROR(os::write_file(settings.data / kProperties, kafka_properties(settings), 0644));
  SDP_RETURN_IF_ERROR(
      os::write_file(settings.data / kLogPropertiesFile, fmt::format(kLogProperties, kLogs), 0644));
  std::error_code ignored;
  if (std::filesystem::exists(settings.data / kData / "meta.properties", ignored)) return {};
  return run_to_end(java(settings, "kafka-format.log",
                         {"kafka.tools.StorageTool", "format", "--cluster-id", new_cluster_id(), "--config",
                          std::string(kProperties)}),
                    kFormatLimit);
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
      {"log.dirs", std::string(kData)},
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
  const auto logs = settings.data / kLogs;
  const auto address = fmt::format("127.0.0.1:{}", settings.kafka_port);
  return {.role = "kafka",
          .program = "kafka",
          .address = address,
          .command = java(settings, "kafka.log", {"kafka.Kafka", std::string(kProperties)}),
          .ports = {{"Kafka", settings.kafka_port, "--kafka-port", "SPOTIFY_KAFKA_PORT"},
                    {"Kafka's controller", settings.kafka_controller_port, "--kafka-controller-port",
                     "SPOTIFY_KAFKA_CONTROLLER_PORT"}},
          .logs = {logs / "kafka.log", logs / "kafka-server.log"},
          .prepare = [settings] { return prepare(settings); },
          .probe = [port = settings.kafka_port, address, probe = std::move(probe)]() -> Result<void> {
            SDP_RETURN_IF_ERROR(probe_tcp(port));
            return probe ? probe(address) : Result<void>{};
          }};
}

}  // namespace sdp::services
