#include "services/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

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
  const auto process = start_detached(shell("sleep 60"));
  ASSERT_TRUE(process);
  EXPECT_TRUE(is_running(*process));
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::ended);
  EXPECT_FALSE(is_running(*process));
  EXPECT_EQ(stop(*process, support::kPatience).value(), StopOutcome::was_not_running);
}

TEST_F(Process, OneThatIgnoresTheSignalIsKilledAfterTheLimit) {
  const auto process = start_detached(shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
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
  const auto process = start_detached(shell("sleep 60"));
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
  const auto process = start_detached(shell("sleep 60"));
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
  const auto process = start_detached({.arguments = {"no-such-program"}, .environment = {}, .log = log()});
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().message.find("no-such-program"), std::string::npos);
}

TEST_F(Process, WeAreIdentifiedAndNobodyIsNot) {
  EXPECT_TRUE(identify(::getpid()));
  EXPECT_FALSE(identify(0));
}

TEST_F(Process, ChildrenThatOutliveTheirLeaderAreFound) {
  const auto leader = start_detached(shell("sleep 60 & exec sleep 60"));
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
