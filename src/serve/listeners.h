#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_name.h"
#include "http/event_stream.h"

namespace sdp::serve {

/// What a page is told first: how soon it connects again, in milliseconds.
inline constexpr std::string_view kRetry = "retry: 2000\n\n";

/// Pages that listen, and a thread that works while there are any. `Listener` has a member `events`, the
/// page's stream.
template <typename Listener>
class Listeners {
 public:
  /// Tells the pages what is new, and returns how long to rest. `is_first`: nobody listened before.
  using Work = std::function<std::chrono::milliseconds(std::vector<Listener>& pages, bool is_first)>;

  /// `name` is that of the thread.
  Listeners(const char* name, std::size_t pages_max, Work work)
      : pages_max_(pages_max), work_(std::move(work)), worker_([this, name](const std::stop_token& quit) {
          base::name_thread(name);
          loop(quit);
        }) {}
  ~Listeners() { stop(); }
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  /// False when there are as many as there may be. The rest ends early for a new one.
  bool add(Listener page) {
    const std::lock_guard lock(mutex_);
    if (present_ + coming_.size() >= pages_max_) return false;
    coming_.push_back(std::move(page));
    wake_.notify_one();
    return true;
  }

  /// Returns when the work has ended; nobody is told anything then.
  void stop() {
    worker_.request_stop();
    if (worker_.joinable()) worker_.join();
  }

 private:
  void loop(const std::stop_token& quit) {
    std::vector<Listener> pages;
    bool is_first = true;
    std::unique_lock lock(mutex_);
    const auto somebody_comes = [this] { return !coming_.empty(); };
    while (pages.empty() ? wake_.wait(lock, quit, somebody_comes) : !quit.stop_requested()) {
      for (Listener& page : coming_) pages.push_back(std::move(page));
      coming_.clear();
      present_ = pages.size();
      lock.unlock();
      const std::chrono::milliseconds rest = work_(pages, std::exchange(is_first, false));
      std::erase_if(pages, [](const Listener& page) { return !page.events->is_open(); });
      lock.lock();
      present_ = pages.size();
      is_first = pages.empty();
      if (!pages.empty()) wake_.wait_for(lock, quit, rest, somebody_comes);
    }
    for (const Listener& page : pages) page.events->close();
  }

  const std::size_t pages_max_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Listener> coming_;
  std::size_t present_ = 0;
  std::jthread worker_;
};

}  // namespace sdp::serve
