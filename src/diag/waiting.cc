#include "diag/waiting.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "diag/log.h"

namespace sdp::diag {
namespace {

/// Of the same server.
constexpr std::chrono::milliseconds kTellAgain{10'000};

struct Wait {
  std::string of;
  std::string reason;
  std::chrono::milliseconds limit;
  std::chrono::milliseconds patience;
  SteadyTime begun;
};

struct Waits {
  std::mutex mutex;
  std::map<std::uint64_t, Wait> all;
  std::map<std::string, SteadyTime, std::less<>> told;  ///< when it was told of whom
  std::atomic<std::size_t> count = 0;
  std::uint64_t next_id = 0;
};

/// Never destroyed: threads may wait until the process has ended.
Waits& waits() {
  static Waits& instance = *new Waits;
  return instance;
}

std::uint64_t add(Wait wait) {
  const std::scoped_lock lock(waits().mutex);
  const std::uint64_t id = waits().next_id++;
  waits().all.emplace(id, std::move(wait));
  waits().count = waits().all.size();
  return id;
}

/// Those that are due, at most one of each server.
std::vector<Wait> take_due(SteadyTime now) {
  const std::scoped_lock lock(waits().mutex);
  std::erase_if(waits().told, [now](const auto& one) { return now - one.second >= kTellAgain; });
  std::vector<Wait> due;
  for (const auto& [id, wait] : waits().all) {
    if (now - wait.begun < wait.patience || !waits().told.emplace(wait.of, now).second) continue;
    due.push_back(wait);
  }
  return due;
}

}  // namespace

Waiting::Waiting(std::string of, std::chrono::milliseconds limit, std::chrono::milliseconds patience,
                 SteadyTime now)
    : id_(add({.of = std::move(of), .reason = {}, .limit = limit, .patience = patience, .begun = now})) {}

Waiting::~Waiting() {
  const std::scoped_lock lock(waits().mutex);
  waits().all.erase(id_);
  waits().count = waits().all.size();
}

void Waiting::note(std::string reason) {
  const std::scoped_lock lock(waits().mutex);
  waits().all.at(id_).reason = std::move(reason);
}

void Waiting::answered(SteadyTime now) {
  const std::scoped_lock lock(waits().mutex);
  waits().all.at(id_).begun = now;
}

void tell_waits(SteadyTime now) {
  if (waits().count.load(std::memory_order_relaxed) == 0) return;
  for (const Wait& wait : take_due(now)) {
    log_event("waiting", {{"of", wait.of},
                          {"seconds", base::in_seconds(now - wait.begun)},
                          {"limit_s", base::in_seconds(wait.limit)},
                          {"message", wait.reason.empty() ? "there is no answer yet" : wait.reason}});
  }
}

}  // namespace sdp::diag
