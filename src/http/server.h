#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "http/address.h"
#include "http/message.h"

namespace sdp::http {

/// What a client may cost.
struct Limits {
  std::size_t connections = 64;  ///< others are answered 503
  std::uint32_t header_bytes = 16 * 1024;
  std::size_t answer_bytes = std::size_t{128} << 20;  ///< of all answers on their way
  std::chrono::milliseconds read{10'000};             ///< for the whole of a request's header
  std::chrono::milliseconds idle{30'000};             ///< between requests
  std::chrono::milliseconds write{60'000};  ///< for the whole of an answer, or for what waits of a stream
  std::chrono::milliseconds beat{
      15'000};  ///< the longest silence of a stream, by which its client knows that it is there
  std::chrono::milliseconds linger{1'000};  ///< for a client to take an answer that it did not wait for
  std::chrono::milliseconds stop{1'000};    ///< for answers on their way when the server stops
};

/// An HTTP/1.1 server for GET and HEAD, in the one thread that calls run(). A request has no body.
class Server {
 public:
  /// From here on clients can connect; port 0 lets the system choose one. `misconfigured` when the address is
  /// taken, or none of this machine.
  static Result<std::unique_ptr<Server>> listen(const Address& address, const Limits& limits);
  virtual ~Server() = default;

  /// With the port that the system chose.
  virtual const Address& address() const = 0;

  /// Serves until `stop`, and then until answers on their way are out. The thread is called `http`. The
  /// handler is called by this thread only; its replies must not come after this server's end.
  virtual void run(const Handler& handler, const std::stop_token& stop) = 0;
};

}  // namespace sdp::http
