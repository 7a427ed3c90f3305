#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "http/address.h"
#include "http/message.h"
#include "http/server.h"
#include "metrics/health.h"
#include "metrics/registry.h"

namespace sdp::monitor {

/// What is told of a command. All of it outlives whoever tells it.
struct Watched {
  metrics::Registry& registry;
  const metrics::Health& health;
  Clock& clock;
  /// Of another loop of the same process, which has to be well, too; null: there is none.
  const metrics::Health* beside = nullptr;
};

/// Whether a target is one of `/metrics`, `/healthz` and `/readyz`.
bool is_of_monitor(std::string_view target);
/// Whether it is `/metrics`, which has numbers; the others have a word.
bool is_metrics(std::string_view target);

/// Answers `/metrics`, `/healthz` and `/readyz`, and nothing else. The metrics are written out once a second
/// at most, however many ask. Called by one thread.
class Answers {
 public:
  /// On loopback only loopback's own names are answered, so that no page of the web can read along.
  Answers(Watched watched, bool loopback) : watched_(watched), loopback_(loopback) {}

  http::Response answer(const http::Request& request);

 private:
  using Ask = metrics::Verdict (metrics::Health::*)(SteadyTime) const;

  http::Response verdict(Ask ask) const;
  const std::string& text();

  Watched watched_;
  bool loopback_;
  std::string text_;
  SteadyTime written_at_;
};

/// Answers in a thread of its own from start() on, until its end. The command waits for no client.
class Monitor {
 public:
  /// `misconfigured` when the address is none of this machine, or is taken.
  static Result<std::unique_ptr<Monitor>> start(const http::Address& address, Watched watched);
  /// The same at an address as text; nothing where it is empty, since nobody is to watch.
  static Result<std::unique_ptr<Monitor>> watch(const std::string& listen, Watched watched);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// With the port that the system chose.
  const http::Address& address() const { return server_->address(); }

 private:
  Monitor(std::unique_ptr<http::Server> server, Watched watched);

  std::unique_ptr<http::Server> server_;
  Answers answers_;
  std::jthread thread_;
};

}  // namespace sdp::monitor
