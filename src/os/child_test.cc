#include "os/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "support/temporary_folder.h"

namespace sdp::os {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class Child : public testing::Test {
 protected:
  Command shell(const std::string& script) const {
    return {.arguments = {"/bin/sh", "-c", script},
            .environment = {{"GREETING", "hello; exit 9"}},
            .folder = folder_.path(),
            .log = folder_.path() / "log"};
  }
  std::string log() const {
    std::ifstream file(folder_.path() / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  support::TemporaryFolder folder_;
};

TEST_F(Child, ExitCodeAndBothOutputsComeBack) {
  const auto end = run_child(shell("echo out; echo \"$GREETING\" >&2; pwd; exit 3"), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->tail, "out\nhello; exit 9\n" + folder_.path().string() + "\n");
  EXPECT_EQ(log(), end->tail);
}

TEST_F(Child, ASignalIsACodeAbove128) {
  const auto end = run_child(shell("kill -SEGV $$"), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 128 + SIGSEGV);
}

TEST_F(Child, MuchOutputIsReadButOnlyItsLimitKept) {
  const auto end =
      run_child(shell("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end"), {.log_bytes_max = 1000});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 0);
  EXPECT_EQ(log().size(), 1000u);
  EXPECT_EQ(end->tail.size(), kTailBytesMax);
  EXPECT_TRUE(end->tail.ends_with("\nend\n"));
}

TEST_F(Child, LinesAreHeardAsTheyComeAndLongOnesCut) {
  std::vector<std::string> lines;
  auto command = shell(
      "echo out; echo; printf 'two '; echo parts >&2; head -c 20000 /dev/zero | tr '\\0' x; echo; printf "
      "end");
  command.on_line = [&](std::string_view line) { lines.emplace_back(line); };
  ASSERT_TRUE(run_child(command, {}));
  EXPECT_EQ(lines,
            (std::vector<std::string>{"out", "", "two parts", std::string(kLineBytesMax, 'x'), "end"}));
}

TEST_F(Child, TimeLimitEndsTheWholeGroupEvenWhenItIgnoresSigterm) {
  const auto started = std::chrono::steady_clock::now();
  const auto end = run_child(shell("trap '' TERM; (sleep 60; touch late) & echo $!; wait; sleep 60"),
                             {.total = milliseconds(300), .grace = milliseconds(300)});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(end.error().message, HasSubstr("did not end within 0.3s"));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  const pid_t grandchild = std::stoi(log());
  for (int i = 0; i < 100 && ::kill(grandchild, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(20));
  std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
}

TEST_F(Child, AStopRequestEndsIt) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(200));
    stop.request_stop();
  });
  const auto end = run_child(shell("sleep 60"), {}, stop.get_token());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::interrupted);
}

TEST_F(Child, AGrandchildThatHoldsTheOutputDoesNotKeepUs) {
  const auto end = run_child(shell("sleep 60 & echo done"), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 0);
  EXPECT_EQ(end->tail, "done\n");
}

TEST_F(Child, IsNotLeftBehindByAParentThatIsKilled) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    static_cast<void>(run_child(shell("echo $$; exec sleep 60"), {}).has_value());
    ::_exit(0);
  }
  for (int i = 0; i < 500 && !log().ends_with('\n'); ++i) std::this_thread::sleep_for(milliseconds(20));
  const pid_t child = std::stoi(log());
  ASSERT_EQ(::kill(child, 0), 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  for (int i = 0; i < 500 && ::kill(child, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(20));
  std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
}

TEST_F(Child, AProgramWithoutASlashIsLookedUpInPath) {
  auto command = shell("echo found");
  command.arguments[0] = "sh";
  const auto end = run_child(command, {});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->tail, "found\n");
}

TEST_F(Child, AProgramThatIsNotThereIsNamed) {
  auto command = shell("");
  command.arguments = {"/no/such/program"};
  const auto end = run_child(command, {});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(end.error().message, HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace sdp::os
