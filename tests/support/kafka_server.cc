#include "support/kafka_server.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "os/loopback.h"

namespace sdp::support {
namespace {

constexpr std::chrono::seconds kStartMax{60};
constexpr int kPortsTriedMax = 3;
// 16 bytes in URL-safe base64; which, does not matter.
constexpr const char* kClusterId = "c3BvdGlmeS10ZXN0LWthZg";

bool accepts(int port) {
  return os::connect_to(os::tcp_socket(), os::loopback(static_cast<std::uint16_t>(port)));
}

std::string jars() {
  const char* folder = std::getenv("SDP_DEPS_DIR");
  if (folder == nullptr)
    throw std::runtime_error("SDP_DEPS_DIR is not set; tests of real servers run by ctest");
  return std::string(folder) + "/kafka/libs/*";
}

}  // namespace

KafkaServer::KafkaServer() {
  for (int tried = 1;; ++tried) {
    port_ = free_port();
    controller_port_ = free_port();
    try {
      write_properties();
      format();
      start();
      return;
    } catch (const std::runtime_error&) {
      // Another process may have taken a port meanwhile.
      if (tried == kPortsTriedMax) throw;
      std::filesystem::remove_all(folder_.path() / "data");
    }
  }
}

os::Command KafkaServer::java(const std::string& main_class,
                              const std::vector<std::string>& arguments) const {
  // A broker of a test lives for seconds: most of its time would go to a compiler whose code nobody runs.
  os::Command command{.arguments = {"/usr/bin/env", "java", "-Xmx512m", "-XX:TieredStopAtLevel=1",
                                    "-XX:+UseSerialGC", "-cp", jars(), main_class},
                      .log = folder_.path() / "log"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return command;
}

void KafkaServer::write_properties() const {
  const std::string controller = "127.0.0.1:" + std::to_string(controller_port_);
  std::ofstream file(folder_.path() / "server.properties");
  file << "process.roles=broker,controller\n"
          "node.id=1\n"
       << "controller.quorum.voters=1@" << controller << '\n'
       << "listeners=PLAINTEXT://" << address() << ",CONTROLLER://" << controller << '\n'
       << "advertised.listeners=PLAINTEXT://" << address() << '\n'
       << "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
          "controller.listener.names=CONTROLLER\n"
       << "log.dirs=" << (folder_.path() / "data").string() << '\n'
       << "auto.create.topics.enable=false\n"
          "offsets.topic.num.partitions=1\n"
          "offsets.topic.replication.factor=1\n"
          "transaction.state.log.num.partitions=1\n"
          "transaction.state.log.replication.factor=1\n"
          "transaction.state.log.min.isr=1\n"
          "group.initial.rebalance.delay.ms=0\n"
          "group.min.session.timeout.ms=1000\n";
  if (!file.flush()) throw std::runtime_error("cannot write into " + folder_.path().string());
}

void KafkaServer::format() const {
  const std::string properties = folder_.path() / "server.properties";
  ChildProcess tool(java("kafka.tools.StorageTool", {"format", "-t", kClusterId, "-c", properties}));
  if (tool.wait() != 0) throw std::runtime_error("Kafka's storage cannot be formatted; is java there?");
}

void KafkaServer::start() {
  process_.reset();
  process_.emplace(java("kafka.Kafka", {folder_.path() / "server.properties"}));
  const bool listening = wait_until(kStartMax, [&] { return !process_->is_running() || accepts(port_); });
  if (!listening || !process_->is_running()) {
    throw std::runtime_error("Kafka does not take connections; see its output in " + folder_.path().string());
  }
}

std::string shared_kafka() {
  if (const char* address = std::getenv("SDP_TEST_KAFKA"); address != nullptr && *address != '\0')
    return address;
  static KafkaServer server;
  return server.address();
}

}  // namespace sdp::support
