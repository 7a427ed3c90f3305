#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "site/scripts.h"

namespace sdp::serve {

/// Asks one service whether it answers; within a second or so, since the server's end waits for it.
using AskService = std::function<site::Service()>;

/// What the services said, asked in a thread of its own when somebody wants to know, and again when that is
/// 10 s old. Thread-safe.
class Services {
 public:
  using Reply = std::function<void(std::string script)>;

  Services(std::vector<AskService> services, Clock& clock);
  ~Services() { stop(); }
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  /// Hands over `data/services.js`: now, or when the services were asked. Not at all after stop().
  void ask(Reply reply);

  /// Returns when nobody is asked any more.
  void stop();

 private:
  void work(const std::stop_token& quit);
  std::string ask_all(const std::stop_token& quit) const;

  const std::vector<AskService> services_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::vector<Reply> waiting_;  ///< one for each connection at most
  std::optional<std::string> last_;
  SteadyTime asked_at_{};
  std::jthread worker_;
};

}  // namespace sdp::serve
