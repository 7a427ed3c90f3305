// Starts the real servers that tools/setup fetched, on free ports.
#include "services/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "local/credentials.h"
#include "local/endpoints.h"
#include "os/files.h"
#include "os/loopback.h"
#include "services/network.h"
#include "services/pid_file.h"
#include "services/process.h"
#include "support/patience.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

using ::testing::HasSubstr;

/// A listening socket on a port that the system chose.
class Listener {
 public:
  Listener() {
    if (!os::bind_to(socket_, os::loopback(0)) || ::listen(socket_.get(), 1) != 0) std::abort();
  }
  std::uint16_t port() const { return os::port_of(socket_); }

 private:
  os::UniqueFd socket_ = os::tcp_socket();
};

class RealServices : public ::testing::Test {
 protected:
  RealServices() {
    const char* deps = std::getenv("SDP_DEPS_DIR");
    settings_.deps = deps != nullptr ? deps : ".deps";
    settings_.data = folder_.path() / "services";
    const Listener ports[4];
    settings_.kafka_port = ports[0].port();
    settings_.kafka_controller_port = ports[1].port();
    settings_.s3_port = ports[2].port();
    settings_.s3_console_port = ports[3].port();
  }
  ~RealServices() override { std::ignore = services().down(); }

  Services services() {
    return Services(settings_, nullptr, base::system_clock(),
                    [this](std::string_view line) { said_.append(line).append("\n"); });
  }
  std::vector<Health> health() {
    std::vector<Health> result;
    const auto all = services().status().value();
    for (const auto& status : all) result.push_back(status.health);
    return result;
  }

  support::TemporaryFolder folder_;
  Settings settings_;
  std::string said_;
};

const std::vector<Health> kAllUp{Health::up, Health::up};
const std::vector<Health> kAllDown{Health::down, Health::down};

TEST_F(RealServices, ComeUpStayUpAndGoDown) {
  EXPECT_EQ(health(), kAllDown);
  EXPECT_EQ(local::read_endpoints(settings_.data).value(), std::nullopt);

  const auto up = services().up();
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_EQ(health(), kAllUp);
  const auto found = local::read_endpoints(settings_.data).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kafka_brokers, fmt::format("127.0.0.1:{}", settings_.kafka_port));
  EXPECT_EQ(found->s3_url, fmt::format("http://127.0.0.1:{}", settings_.s3_port));
  const auto credentials = local::load_credentials(settings_.data).value();
  ASSERT_TRUE(credentials);

  const auto before = services().status().value();
  ASSERT_TRUE(services().up());
  EXPECT_EQ(services().status().value()[0].pid, before[0].pid) << "a second up must leave what runs alone";

  EXPECT_THAT(said_, HasSubstr(found->kafka_brokers));
  EXPECT_EQ(said_.find(credentials->secret_key.reveal()), std::string::npos);

  ASSERT_TRUE(services().down());
  EXPECT_EQ(health(), kAllDown);
  EXPECT_EQ(local::read_endpoints(settings_.data).value(), std::nullopt);
  EXPECT_TRUE(port_is_free(settings_.kafka_port));
}

/// Each ends only when the other was asked to end, too.
TEST_F(RealServices, ThoseThatNeedNoneOfEachOtherEndSideBySide) {
  ASSERT_TRUE(os::make_folder(settings_.data));
  const std::string folder = settings_.data;
  const auto start = [&](const std::string& mine, const std::string& other) {
    const auto script = fmt::format(
        "cd {}; trap 'touch {}.asked; while ! test -e {}.asked; do sleep 0.05; done; exit 0' TERM; touch "
        "{}.ready; "
        "while :; do sleep 0.05; done",
        folder, mine, other, mine);
    ASSERT_TRUE(start_detached({.arguments = {"sh", "-c", script}, .environment = {}, .log = folder + "/log"},
                               [&](const ProcessId& process) {
                                 return write_pid_file(
                                     settings_.data / (mine + ".pid"),
                                     {.process = process, .program = mine, .address = "", .folder = ""});
                               }));
    const auto deadline = std::chrono::steady_clock::now() + support::kPatience;
    while (!std::filesystem::exists(settings_.data / (mine + ".ready"))) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  start("airflow-scheduler", "airflow-triggerer");
  start("airflow-triggerer", "airflow-scheduler");
  settings_.airflow = true;
  settings_.stop_limit = support::kPatience;
  ASSERT_TRUE(services().down());
  EXPECT_THAT(said_, HasSubstr("stopped airflow-scheduler"));
  EXPECT_THAT(said_, HasSubstr("stopped airflow-triggerer"));
}

TEST_F(RealServices, OneThatCannotBeStoppedKeepsNoneOfALowerLayerRunning) {
  ASSERT_TRUE(os::make_folder(settings_.data));
  const auto process = start_detached(
      {.arguments = {"sleep", "60"}, .environment = {}, .log = settings_.data / "log"},
      [&](const ProcessId& id) {
        return write_pid_file(settings_.data / "postgres.pid",
                              {.process = id, .program = "postgres", .address = "", .folder = ""});
      });
  ASSERT_TRUE(process);
  ASSERT_TRUE(os::write_file(settings_.data / "airflow-scheduler.pid", "no pid file", 0644));
  settings_.airflow = true;
  settings_.stop_limit = support::kPatience;
  EXPECT_FALSE(services().down());
  EXPECT_THAT(said_, HasSubstr("stopped postgres"));
  EXPECT_FALSE(is_running(*process));
}

TEST_F(RealServices, StatusFindsThemWhereTheyWereStarted) {
  settings_.s3_server = S3Server::versitygw;
  const auto up = services().up();
  ASSERT_TRUE(up) << up.error().message;
  Settings plain;
  plain.deps = settings_.deps;
  plain.data = settings_.data;
  const auto status =
      Services(plain, nullptr, base::system_clock(), [](std::string_view) {}).status().value();
  EXPECT_EQ(status[1].program, "versitygw");
  EXPECT_EQ(status[1].health, Health::up);
  EXPECT_EQ(status[0].address, fmt::format("127.0.0.1:{}", settings_.kafka_port));

  const auto other = Services(plain, nullptr, base::system_clock(), [](std::string_view) {}).up();
  ASSERT_FALSE(other) << "what runs elsewhere must not be taken for what was asked for";
  EXPECT_EQ(other.error().kind, ErrorKind::misconfigured);
}

/// Kafka would split it at the comma and read it as Latin-1, and MinIO take it for four folders.
TEST_F(RealServices, AFolderOfAnyNameHasAllOfTheirData) {
  settings_.data = folder_.path() / "M\u00fcsik, {1...4}: %41 #$\u97f3" / "services";
  for (int start = 0; start < 2; ++start) {
    const auto up = services().up();
    ASSERT_TRUE(up) << up.error().message;
    EXPECT_EQ(health(), kAllUp);
    ASSERT_TRUE(services().down());
  }
  EXPECT_TRUE(std::filesystem::exists(settings_.data / "kafka" / "meta.properties"));
  EXPECT_TRUE(std::filesystem::exists(settings_.data / "minio" / ".minio.sys" / "format.json"));
  EXPECT_TRUE(std::filesystem::exists(settings_.data / "logs" / "kafka-server.log"));
  const std::filesystem::directory_iterator beside(folder_.path());
  EXPECT_EQ(std::distance(begin(beside), end(beside)), 1) << "data in a folder beside it";
}

TEST_F(RealServices, AFolderWhoseNameJavaCannotReadIsRefused) {
  settings_.data = folder_.path() / "\xff" / "services";
  const auto up = services().up();
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(up.error().message, HasSubstr("UTF-8"));
}

TEST_F(RealServices, OneThatDiedIsStartedAgainOnItsOldData) {
  ASSERT_TRUE(services().up());
  const auto before = services().status().value();
  ::kill(before[1].pid, SIGKILL);
  const auto up = services().up();
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_EQ(health(), kAllUp);
  EXPECT_EQ(services().status().value()[0].pid, before[0].pid);
}

TEST_F(RealServices, TakenPortIsNamedWithTheOptionAndNothingIsLeftRunning) {
  const Listener taken;
  settings_.s3_port = taken.port();
  const auto up = services().up();
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(up.error().message, HasSubstr(std::to_string(taken.port())));
  EXPECT_THAT(up.error().message, HasSubstr("--s3-port"));
  EXPECT_EQ(health(), kAllDown);
}

TEST_F(RealServices, InterruptedStartLeavesNothingRunning) {
  std::stop_source stop;
  stop.request_stop();
  const auto up = services().up(stop.get_token());
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(health(), kAllDown);
}

TEST_F(RealServices, ServerThatCannotRunShowsTheEndOfItsLog) {
  ASSERT_TRUE(os::make_folder(settings_.data));
  ASSERT_TRUE(os::write_file(settings_.data / "minio", "a file where a folder must be", 0644));
  const auto up = services().up();
  ASSERT_FALSE(up);
  EXPECT_THAT(up.error().message, HasSubstr("minio"));
  EXPECT_EQ(health(), kAllDown);
}

TEST_F(RealServices, MissingProgramsSayWhatToRun) {
  settings_.deps = folder_.path();
  const auto up = services().up();
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(up.error().message, HasSubstr("tools/setup services"));
}

}  // namespace
}  // namespace sdp::services
