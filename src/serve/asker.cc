#include "serve/asker.h"

#include <utility>

#include "base/thread_name.h"

namespace sdp::serve {

Asker::Asker() : worker_([this](const std::stop_token& quit) { work(quit); }) {}

void Asker::ask(Question question, Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kWaitingMax) {
      waiting_.push_back({std::move(question), std::move(answer)});
      wanted_.notify_one();
      return;
    }
  }
  answer(fail(ErrorKind::unavailable, "Too many questions wait for their answers; ask again in a while"));
}

void Asker::stop() {
  worker_.request_stop();
  if (worker_.joinable()) worker_.join();
  const std::lock_guard lock(mutex_);
  waiting_.clear();
}

void Asker::work(const std::stop_token& quit) {
  base::name_thread("asker");
  std::unique_lock lock(mutex_);
  while (wanted_.wait(lock, quit, [this] { return !waiting_.empty(); })) {
    if (quit.stop_requested()) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next.answer(next.question());
    lock.lock();
  }
}

}  // namespace sdp::serve
