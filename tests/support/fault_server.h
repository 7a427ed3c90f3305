#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "os/loopback.h"

namespace sdp::support {

/// One request that arrived at a FaultServer, and the ways to treat it. The head has been read, the body not
/// yet.
class Exchange {
 public:
  int number = 0;  ///< of the request, from 0, over all connections
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< lower-case names

  /// The body by its Content-Length, after a 100 Continue if the client waits for one.
  std::string read_body();
  /// Only this many bytes of it.
  void read_part(std::size_t bytes);
  void send(std::string_view bytes);
  /// Status line, Content-Length and body; the connection stays open.
  void answer(int status, std::string_view body = "", std::string_view more_headers = "");
  void close();
  /// Ends the connection by RST.
  void reset();
  /// Says nothing until the client gives up.
  void hang();

 private:
  friend class FaultServer;
  explicit Exchange(int fd) : fd_(fd) {}

  bool read_head();
  bool fill();

  int fd_;
  bool open_ = true;
  bool body_read_ = false;
  std::string buffer_;
};

/// A scripted HTTP server on a loopback port: `handle` decides about every request, called by one thread a
/// connection.
class FaultServer {
 public:
  using Handle = std::function<void(Exchange&)>;

  explicit FaultServer(Handle handle);
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;
  ~FaultServer();

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int requests() const { return requests_; }

 private:
  void accept_all();
  void serve(int fd);

  const Handle handle_;
  const os::UniqueFd listener_ = os::tcp_socket();
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::list<int> open_;
  std::list<std::jthread> connections_;
  std::jthread acceptor_;
};

/// `<Error><Code>...`
std::string s3_error(std::string_view code, std::string_view message = "scripted");

}  // namespace sdp::support
