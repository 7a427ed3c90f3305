#pragma once

namespace sdp::base {

/// Names the thread that calls it, as `top -H` and /proc/PID/task/*/comm show it: 15 bytes at most. The first
/// thread of a process keeps its name, which is the program's.
void name_thread(const char* name);

}  // namespace sdp::base
