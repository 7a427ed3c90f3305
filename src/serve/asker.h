#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"

namespace sdp::serve {

/// Questions that take a while, one after another in a thread of their own.
class Asker {
 public:
  using Question = std::function<Result<std::string>()>;
  using Answer = std::function<void(Result<std::string>)>;
  static constexpr std::size_t kWaitingMax = 16;

  Asker();
  ~Asker() { stop(); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// `unavailable` at once when too many wait. No answer comes after stop().
  void ask(Question question, Answer answer);
  void stop();

 private:
  struct Waiting {
    Question question;
    Answer answer;
  };

  void work(const std::stop_token& quit);

  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::deque<Waiting> waiting_;
  std::jthread worker_;
};

}  // namespace sdp::serve
