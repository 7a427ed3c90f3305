#pragma once

#include <cstddef>
#include <functional>

namespace sdp::support {

/// Runs `work` in a process of its own, which is killed (SIGKILL) right behind its `step`-th system call that
/// changes something outside: a file or folder, a process, a signal. False when the work was over before.
/// What the work starts lives on.
bool run_killed_at(std::size_t step, const std::function<void()>& work);

}  // namespace sdp::support
