#include "services/process.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "os/file_lock.h"
#include "os/files.h"
#include "support/patience.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

using namespace std::chrono_literals;

class Process : public ::testing::Test {
 protected:
  os::Command shell(const std::string& script) {
    return {.arguments = {"sh", "-c", script}, .environment = {}, .log = log()};
  }
  static Result<ProcessId> started(const os::Command& command) {
    return start_detached(command, [](const ProcessId&) -> Result<void> { return {}; });
  }
  std::filesystem::path log() const { return folder_.path() / "log"; }
  std::string output() const { return os::read_file(log())->value_or(""); }
  void await_output(const std::string& text) {
    for (int i = 0; i < 500 && output() != text; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_EQ(output(), text);
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_F(Process, StartedOneRunsUntilItIsStopped) {
  const auto process = started(shell("sleep 60"));
  ASSERT_TRUE(process);
  EXPECT_TRUE(is_running(*process));
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::ended);
  EXPECT_FALSE(is_running(*process));
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::was_not_running);
}

TEST_F(Process, ProgramRunsOnlyWhenItsProcessWasRecorded) {
  std::optional<ProcessId> recorded;
  const auto process =
      start_detached(shell("echo runs; exec sleep 60"), [&](const ProcessId& id) -> Result<void> {
        recorded = id;
        EXPECT_TRUE(is_running(id));
        EXPECT_EQ(output(), "");
        return {};
      });
  ASSERT_TRUE(process);
  EXPECT_EQ(*process, *recorded);
  await_output("runs\n");
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::ended);

  const auto refused = start_detached(shell("echo runs, too"), [&](const ProcessId& id) -> Result<void> {
    recorded = id;
    return fail(ErrorKind::cannot_write, "no room");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::cannot_write);
  EXPECT_FALSE(identify(recorded->pid));
  EXPECT_EQ(output(), "runs\n");
}

TEST_F(Process, NothingRunsOfOneWhoWasKilledBeforeItWasRecorded) {
  const auto lock_path = log().parent_path() / "lock";
  const auto starter = ::fork();
  if (starter == 0) {
    auto lock = os::FileLock::open(lock_path);
    std::ignore = lock->try_lock();
    std::ignore = start_detached(shell("echo runs"), [&](const ProcessId& id) -> Result<void> {
      // By then it holds nothing of ours.
      while (std::distance(std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", id.pid)), {}) > 6)
        std::this_thread::sleep_for(1ms);
      std::ignore = os::write_file(log().parent_path() / "pid", std::to_string(id.pid), 0644);
      ::raise(SIGKILL);
      return {};
    });
    ::_exit(0);
  }
  ::waitpid(starter, nullptr, 0);
  EXPECT_TRUE(os::FileLock::open(lock_path)->try_lock().value());
  const auto pid = std::stoi(os::read_file(log().parent_path() / "pid")->value());
  EXPECT_TRUE(support::comes_true([&] { return !identify(pid); }));
  EXPECT_EQ(output(), "");
}

TEST_F(Process, OneThatIgnoresTheSignalIsKilledAfterTheLimit) {
  const auto process = started(shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
  ASSERT_TRUE(process);
  await_output("ready\n");
  EXPECT_EQ(stop(*process, 200ms).value(), StopOutcome::killed);
  EXPECT_FALSE(is_running(*process));
}

/// A child with so much memory that the kernel is busy with its end for a while.
ProcessId large_child() {
  constexpr std::size_t kBytes = 256'000'000;
  const auto pid = ::fork();
  if (pid == 0) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    if (::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0) == MAP_FAILED) ::_exit(1);
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, WUNTRACED);
  return identify(pid).value();
}

TEST_F(Process, KilledOneIsNotRunningWhileTheKernelTakesItDown) {
  const auto process = large_child();
  ASSERT_TRUE(is_running(process));
  ASSERT_EQ(::kill(process.pid, SIGKILL), 0);
  EXPECT_FALSE(is_running(process));
}

TEST_F(Process, StopOfAKilledOneReturnsWhenItIsGone) {
  const auto process = large_child();
  ASSERT_EQ(::kill(process.pid, SIGKILL), 0);
  EXPECT_EQ(stop(process, support::kPatience).value(), StopOutcome::was_not_running);
  EXPECT_FALSE(identify(process.pid));
}

TEST_F(Process, StrangerWithTheSameIdIsNotSignalled) {
  const auto process = started(shell("sleep 60"));
  ASSERT_TRUE(process);
  auto earlier = *process;
  earlier.start_ticks -= 1;
  auto other_boot = *process;
  other_boot.boot_id = "another boot";
  EXPECT_EQ(stop(earlier, 1s).value(), StopOutcome::was_not_running);
  EXPECT_EQ(stop(other_boot, 1s).value(), StopOutcome::was_not_running);
  EXPECT_TRUE(is_running(*process));
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::ended);
}

TEST_F(Process, IsInASessionOfItsOwn) {
  const auto process = started(shell("sleep 60"));
  ASSERT_TRUE(process);
  EXPECT_EQ(::getsid(process->pid), process->pid);
  EXPECT_TRUE(stop(*process, support::kPatience));
}

TEST_F(Process, InheritsNoDescriptorOfOurs) {
  ASSERT_GT(::dup2(STDOUT_FILENO, 77), 0);
  EXPECT_TRUE(run_to_end(shell("test ! -e /proc/self/fd/77"), support::kPatience));
  ::close(77);
}

TEST_F(Process, EnvironmentIsAddedToOursAndOutputGoesToTheLog) {
  auto command = shell("echo $ADDED; echo error >&2; test -n \"$PATH\"");
  command.environment = {{"ADDED", "value"}};
  EXPECT_TRUE(run_to_end(command, support::kPatience));
  EXPECT_EQ(output(), "value\nerror\n");
}

TEST_F(Process, FailureAndOverrunOfACommandAreErrors) {
  EXPECT_FALSE(run_to_end(shell("exit 3"), support::kPatience));
  EXPECT_FALSE(run_to_end(shell("sleep 60"), 50ms));
}

TEST_F(Process, ProgramThatIsNotThereIsNamed) {
  const auto process = started({.arguments = {"no-such-program"}, .environment = {}, .log = log()});
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().message.find("no-such-program"), std::string::npos);
}

TEST_F(Process, WeAreIdentifiedAndNobodyIsNot) {
  EXPECT_TRUE(identify(::getpid()));
  EXPECT_FALSE(identify(0));
}

TEST_F(Process, ChildrenThatOutliveTheirLeaderAreFound) {
  const auto leader = started(shell("sleep 60 & exec sleep 60"));
  ASSERT_TRUE(leader);
  for (int i = 0; i < 1'000 && others_in_session(*leader).empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_EQ(::kill(leader->pid, SIGKILL), 0);
  const auto others = others_in_session(*leader);
  ASSERT_EQ(others.size(), 1u);
  EXPECT_TRUE(is_running(others.front()));
  ASSERT_TRUE(stop(others.front(), support::kPatience));
  EXPECT_TRUE(others_in_session(*leader).empty());
  auto stranger = *leader;
  stranger.pid = ::getpid();
  EXPECT_TRUE(others_in_session(stranger).empty()) << "the number is another process's by now";
  std::ignore = is_running(*leader);
}

}  // namespace
}  // namespace sdp::services
