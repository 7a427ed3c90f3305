// `up` and `down` killed at every step that can be seen from outside, on programs that stand for the servers:
// they listen where those would, and start at once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "local/endpoints.h"
#include "os/files.h"
#include "os/loopback.h"
#include "services/network.h"
#include "services/port_holder.h"
#include "services/services.h"
#include "support/killed_at.h"
#include "support/patience.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Tells who started it, then answers each connection as a server that is well. It takes its time to end if
/// it was asked to, and tells that it was told to.
constexpr std::string_view kListen = R"(
def end(*_):
    with open(os.environ["SDP_TEST_STARTED"] + ".ending", "a") as ending:
        ending.write(f"{os.getpid()}\n")
    time.sleep(float(os.environ["SDP_TEST_END_SECONDS"]))
    os._exit(0)

def listen(port):
    if "SDP_TEST_END_SECONDS" in os.environ:
        signal.signal(signal.SIGTERM, end)
    with open(os.environ["SDP_TEST_STARTED"], "a") as started:
        started.write(f"{os.getpid()}\n")
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    while True:
        client, _ = server.accept()
        if os.environ.get("SDP_TEST_HTTP_PORT") == str(port):
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        client.close()

)";

constexpr std::string_view kMinio = R"(
listen(int(sys.argv[sys.argv.index("--address") + 1].split(":")[1]))
)";

/// `java`: formats Kafka's folder, or is Kafka.
constexpr std::string_view kJava = R"(
if "kafka.Kafka" in sys.argv:
    settings = dict(line.strip().split("=", 1) for line in open(sys.argv[-1]))
    listen(int(settings["listeners"].split(",")[0].rsplit(":", 1)[1]))
settings = dict(line.strip().split("=", 1) for line in open(sys.argv[sys.argv.index("--config") + 1]))
open(settings["log.dirs"] + "/meta.properties", "w").close()
)";

class KilledServices : public ::testing::Test {
 protected:
  KilledServices() {
    settings_.deps = folder_.path() / "deps";
    make_program(settings_.deps / "minio" / "minio", kMinio);
    make_program(folder_.path() / "bin" / "java", kJava);
    fs::create_directories(settings_.deps / "kafka" / "libs");
    std::vector<os::UniqueFd> sockets;
    for (auto* port : {&settings_.kafka_port, &settings_.kafka_controller_port, &settings_.s3_port,
                       &settings_.s3_console_port}) {
      sockets.push_back(os::tcp_socket());
      if (!os::bind_to(sockets.back(), os::loopback(0))) std::abort();
      *port = os::port_of(sockets.back());
    }
    ::setenv("PATH", fmt::format("{}:{}", (folder_.path() / "bin").string(), std::getenv("PATH")).c_str(), 1);
    ::setenv("SDP_TEST_STARTED", started_.c_str(), 1);
    ::setenv("SDP_TEST_HTTP_PORT", std::to_string(settings_.s3_port).c_str(), 1);
    settings_.start_limit = settings_.stop_limit = support::kPatience;
  }
  ~KilledServices() override {
    ::unsetenv("SDP_TEST_END_SECONDS");
    for (const pid_t pid : alive()) ::kill(pid, SIGKILL);
  }

  static void make_program(const fs::path& path, std::string_view body) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "#!/usr/bin/python3 -SE\nimport os, signal, socket, sys, time\n"
                        << kListen << body;
    fs::permissions(path, fs::perms::owner_all);
  }

  void use(const fs::path& data) { settings_.data = data; }
  Services services() {
    return Services(settings_, nullptr, base::system_clock(),
                    [this](std::string_view line) { said_.append(line).append("\n"); });
  }
  std::vector<Health> health() {
    std::vector<Health> result;
    const auto all = services().status();
    EXPECT_TRUE(all) << all.error().message;
    for (const auto& status : all.value_or(std::vector<ServiceStatus>{})) result.push_back(status.health);
    return result;
  }
  /// Servers that anybody started and nobody ended.
  std::vector<pid_t> alive() const { return alive_of(started_); }
  static std::vector<pid_t> alive_of(const fs::path& pids) {
    std::vector<pid_t> alive;
    std::ifstream lines(pids);
    for (pid_t pid = 0; lines >> pid;) {
      if (const auto process = identify(pid); process && is_running(*process)) alive.push_back(pid);
    }
    return alive;
  }

  support::TemporaryFolder folder_;
  fs::path started_ = folder_.path() / "started";
  Settings settings_;
  std::string said_;
};

const std::vector<Health> kAllUp{Health::up, Health::up};
const std::vector<Health> kAllDown{Health::down, Health::down};

TEST_F(KilledServices, AnUpThatWasKilledAtAnyStepIsFinishedByTheNext) {
  bool killed = true;
  for (std::size_t step = 1; killed; ++step) {
    SCOPED_TRACE(step);
    use(folder_.path() / std::to_string(step));
    killed = support::run_killed_at(step, [&] { std::ignore = services().up(); });
    const auto up = services().up();
    ASSERT_TRUE(up) << up.error().message;
    ASSERT_EQ(health(), kAllUp);
    ASSERT_EQ(alive().size(), 2u);
    ASSERT_TRUE(local::read_endpoints(settings_.data).value());
    ASSERT_TRUE(services().down());
    ASSERT_THAT(alive(), IsEmpty());
  }
}

TEST_F(KilledServices, AnUpThatWasKilledAtAnyStepIsUndoneByDown) {
  bool killed = true;
  for (std::size_t step = 1; killed; ++step) {
    SCOPED_TRACE(step);
    use(folder_.path() / std::to_string(step));
    killed = support::run_killed_at(step, [&] { std::ignore = services().up(); });
    ASSERT_TRUE(services().down());
    ASSERT_THAT(alive(), IsEmpty());
    ASSERT_EQ(health(), kAllDown);
    ASSERT_FALSE(local::read_endpoints(settings_.data).value());
  }
}

TEST_F(KilledServices, ADownThatWasKilledAtAnyStepIsFinishedByTheNextOrUndoneByUp) {
  use(folder_.path() / "data");
  bool killed = true;
  for (std::size_t step = 1; killed; ++step) {
    SCOPED_TRACE(step);
    ASSERT_TRUE(services().up());
    killed = support::run_killed_at(step, [&] { std::ignore = services().down(); });
    if (step % 2 == 0) {
      ASSERT_TRUE(services().up());
      ASSERT_EQ(health(), kAllUp);
      ASSERT_TRUE(local::read_endpoints(settings_.data).value());
    }
    ASSERT_TRUE(services().down());
    ASSERT_THAT(alive(), IsEmpty());
    ASSERT_EQ(health(), kAllDown);
  }
}

TEST_F(KilledServices, ServersThatAKilledDownToldToEndAreNotTakenForSuchThatStay) {
  ::setenv("SDP_TEST_END_SECONDS", "2", 1);
  use(folder_.path() / "data");
  ASSERT_TRUE(services().up());
  const pid_t down = ::fork();
  if (down == 0) {
    std::ignore = services().down();
    ::_exit(0);
  }
  const fs::path ending = started_.string() + ".ending";
  ASSERT_TRUE(support::comes_true([&] { return !alive_of(ending).empty(); }));
  ::kill(down, SIGKILL);
  ASSERT_EQ(::waitpid(down, nullptr, 0), down);
  const auto up = services().up();
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_EQ(health(), kAllUp);
  EXPECT_THAT(alive_of(ending), IsEmpty());
  ASSERT_TRUE(services().down());
  EXPECT_THAT(alive(), IsEmpty());
}

TEST_F(KilledServices, SeveralAtOnceWorkOneAfterAnotherOrSayThatAnotherIsAtWork) {
  use(folder_.path() / "data");
  for (int round = 0; round < 5; ++round) {
    std::vector<Result<void>> outcomes(4);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        threads.emplace_back([this, i, &outcome = outcomes[i]] {
          Services mine(settings_, nullptr, base::system_clock(), [](std::string_view) {});
          outcome = i == 3 ? mine.down() : mine.up();
        });
      }
    }
    for (const auto& outcome : outcomes) {
      if (outcome) continue;
      EXPECT_EQ(outcome.error().kind, ErrorKind::fenced) << outcome.error().message;
    }
    const auto running = alive().size();
    EXPECT_THAT(running, AnyOf(0u, 2u));
    EXPECT_EQ(health(), running == 0 ? kAllDown : kAllUp);
  }
  ASSERT_TRUE(services().down());
  EXPECT_THAT(alive(), IsEmpty());
}

TEST_F(KilledServices, AFolderThatWasMovedIsToldAndUpStartsItsServersAgainOnIt) {
  use(folder_.path() / "data");
  ASSERT_TRUE(services().up());
  const auto before = alive();
  fs::rename(settings_.data, folder_.path() / "moved");
  use(folder_.path() / "moved");
  EXPECT_EQ(health(), (std::vector{Health::unhealthy, Health::unhealthy}));
  const auto up = services().up();
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_THAT(said_, HasSubstr((folder_.path() / "data").string()));
  EXPECT_EQ(health(), kAllUp);
  for (const pid_t pid : before) EXPECT_THAT(alive(), Not(Contains(pid)));
  fs::rename(settings_.data, folder_.path() / "again");
  use(folder_.path() / "again");
  ASSERT_TRUE(services().down());
  EXPECT_THAT(alive(), IsEmpty());
}

TEST_F(KilledServices, TheServersOfAFolderAreNotThoseOfItsCopy) {
  use(folder_.path() / "data");
  ASSERT_TRUE(services().up());
  const auto before = alive();
  const Settings original = settings_;
  fs::copy(settings_.data, folder_.path() / "copy", fs::copy_options::recursive);
  use(folder_.path() / "copy");
  EXPECT_EQ(health(), kAllDown);
  const auto up = services().up();
  ASSERT_FALSE(up) << "it has no servers, and their ports are taken";
  EXPECT_EQ(up.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(up.error().message, HasSubstr(fmt::format("process {}", before.front())));
  ASSERT_TRUE(services().down());
  EXPECT_EQ(alive(), before);
  EXPECT_FALSE(local::read_endpoints(settings_.data).value()) << "they lead to the servers of another folder";
  settings_ = original;
  EXPECT_EQ(health(), kAllUp);
  ASSERT_TRUE(services().down());
  EXPECT_THAT(alive(), IsEmpty());
}

TEST_F(KilledServices, AFolderThatIsNotThereIsNamedByDown) {
  use(folder_.path() / "mistyped");
  ASSERT_TRUE(services().down());
  EXPECT_THAT(said_, HasSubstr(settings_.data.string()));
  EXPECT_FALSE(fs::exists(settings_.data));
}

TEST_F(KilledServices, AServerThatNoFileTellsOfIsNamedByItsPort) {
  use(folder_.path() / "data");
  ASSERT_TRUE(services().up());
  const auto before = alive();
  fs::remove_all(settings_.data);
  const auto up = services().up();
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(up.error().message, HasSubstr(fmt::format("process {}", before.front())));
  EXPECT_EQ(alive(), before);
}

}  // namespace
}  // namespace sdp::services
