#include "support/fault_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace sdp::support {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

bool Exchange::fill() {
  char chunk[16384];
  const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
  if (got <= 0) return open_ = false;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

bool Exchange::read_head() {
  headers.clear();
  body_read_ = false;
  while (buffer_.find("\r\n\r\n") == std::string::npos) {
    if (!fill()) return false;
  }
  const std::size_t end = buffer_.find("\r\n\r\n");
  std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  method = head.substr(0, head.find(' '));
  target = head.substr(method.size() + 1, head.find(' ', method.size() + 1) - method.size() - 1);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const std::size_t line_end = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    const std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), line_end);
    headers[lower(head.substr(at, colon - at))] = head.substr(value, line_end - value);
    at = line_end + 2;
  }
  return true;
}

void Exchange::read_part(std::size_t bytes) {
  if (headers.contains("expect")) send("HTTP/1.1 100 Continue\r\n\r\n");
  while (open_ && buffer_.size() < bytes) fill();
}

std::string Exchange::read_body() {
  if (body_read_) return "";
  body_read_ = true;
  const auto length = headers.find("content-length");
  const std::size_t bytes = length == headers.end() ? 0 : std::stoull(length->second);
  read_part(bytes);
  std::string body = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return body;
}

void Exchange::send(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      open_ = false;
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Exchange::answer(int status, std::string_view body, std::string_view more_headers) {
  read_body();
  // In one piece: a second small segment would wait for the client's delayed acknowledgement.
  std::string reply = "HTTP/1.1 " + std::to_string(status) +
                      " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                      std::string(more_headers) + "\r\n";
  if (method != "HEAD") reply += body;
  send(reply);
}

void Exchange::close() {
  open_ = false;
}

void Exchange::reset() {
  const linger abort_at_close{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close);
  open_ = false;
}

void Exchange::hang() {
  while (fill()) buffer_.clear();
}

FaultServer::FaultServer(Handle handle) : handle_(std::move(handle)) {
  if (!os::bind_to(listener_, os::loopback(0)) || ::listen(listener_.get(), 64) != 0)
    throw std::runtime_error("the fault server cannot listen");
  port_ = os::port_of(listener_);
  acceptor_ = std::jthread([this] { accept_all(); });
}

FaultServer::~FaultServer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  connections_.clear();
}

void FaultServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    std::lock_guard lock(mutex_);
    if (fd < 0 || stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    open_.push_back(fd);
    connections_.emplace_back([this, fd] { serve(fd); });
  }
}

void FaultServer::serve(int fd) {
  Exchange exchange(fd);
  while (exchange.open_ && exchange.read_head()) {
    exchange.number = requests_++;
    handle_(exchange);
  }
  std::lock_guard lock(mutex_);
  open_.remove(fd);
  ::close(fd);
}

std::string s3_error(std::string_view code, std::string_view message) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + std::string(code) +
         "</Code><Message>" + std::string(message) + "</Message></Error>";
}

}  // namespace sdp::support
