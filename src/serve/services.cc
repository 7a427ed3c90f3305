#include "serve/services.h"

#include <utility>

#include "base/utc_time.h"

namespace sdp::serve {
namespace {

constexpr std::chrono::seconds kFresh{10};

}  // namespace

Services::Services(std::vector<AskService> services, Clock& clock)
    : services_(std::move(services)),
      clock_(clock),
      worker_([this](const std::stop_token& quit) { work(quit); }) {}

void Services::ask(Reply reply) {
  std::string fresh;
  {
    const std::lock_guard lock(mutex_);
    if (!last_ || clock_.steady_now() - asked_at_ >= kFresh) {
      waiting_.push_back(std::move(reply));
      wanted_.notify_one();
      return;
    }
    fresh = *last_;
  }
  reply(std::move(fresh));
}

void Services::stop() {
  worker_.request_stop();
  if (worker_.joinable()) worker_.join();
  const std::lock_guard lock(mutex_);
  waiting_.clear();
}

void Services::work(const std::stop_token& quit) {
  std::unique_lock lock(mutex_);
  while (wanted_.wait(lock, quit, [this] { return !waiting_.empty(); })) {
    if (quit.stop_requested()) return;
    lock.unlock();
    std::string script = ask_all(quit);
    lock.lock();
    last_ = script;
    asked_at_ = clock_.steady_now();
    const std::vector<Reply> replies = std::exchange(waiting_, {});
    lock.unlock();
    for (const Reply& reply : replies) reply(script);
    lock.lock();
  }
}

std::string Services::ask_all(const std::stop_token& quit) const {
  std::vector<site::Service> found;
  for (const AskService& service : services_) {
    if (quit.stop_requested()) break;
    found.push_back(service());
  }
  return site::services_script(base::format_iso(clock_.utc_now()), found);
}

}  // namespace sdp::serve
