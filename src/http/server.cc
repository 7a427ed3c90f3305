#include "http/server.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/thread_name.h"
#include "http/answer.h"

namespace sdp::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 4 * 1024;
/// What is read and dropped of a body that was not wanted.
constexpr std::size_t kLingerBytesMax = 256 * 1024;
constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
constexpr std::chrono::milliseconds kAcceptPause{100};
/// What an answer in pieces holds at most: two pieces, and what compresses them.
constexpr std::size_t kPiecesHeldBytes = std::size_t{512} << 10;
/// A comment, which browsers drop.
constexpr std::string_view kBeat = ": still here\n\n";

class Connection;

/// What connections share.
struct Shared {
  Limits limits;
  const Handler* handler = nullptr;
  std::set<Connection*> connections;
  std::size_t answer_bytes = 0;  ///< on their way
  bool stopping = false;
};

std::string text(beast::string_view value) {
  return {value.data(), value.size()};
}

Request request_of(const http::request<http::empty_body>& message) {
  return {.method = text(message.method_string()),
          .target = text(message.target()),
          .host = text(message[http::field::host]),
          .authorization = text(message[http::field::authorization]),
          .cookie = text(message[http::field::cookie]),
          .accept_encoding = text(message[http::field::accept_encoding]),
          .if_none_match = text(message[http::field::if_none_match]),
          .fetch_site = text(message["Sec-Fetch-Site"]),
          .forwarded_proto = text(message["X-Forwarded-Proto"]),
          .last_event_id = text(message["Last-Event-ID"])};
}

/// The answer to what cannot be read as a request; nothing when the connection is over.
std::optional<Response> answer_to(const error_code& failure) {
  if (failure == http::error::end_of_stream || failure == http::error::partial_message) return std::nullopt;
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow)
    return refusal(431, "The request's header is larger than 16 KiB.\n");
  if (failure.category() == http::make_error_code(http::error::bad_method).category())
    return refusal(400, "This is not a request of HTTP/1.1.\n");
  return std::nullopt;
}

/// As RFC 9112, section 7.1, has it. The empty one is the last.
std::string chunk_of(std::string_view piece) {
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

/// One client: request, answer, the next request; a stream is the last answer. Lives as long as something is
/// under way for it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    shared_.connections.insert(this);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    give_back();
    shared_.connections.erase(this);
  }

  void start() { wait_for_request(shared_.limits.read); }

  /// An answer on its way is finished; a stream is cut off.
  void stop() {
    if (events_) {
      end_stream();
    } else if (!is_answering_) {
      stream_.close();
    }
  }

 private:
  void wait_for_request(std::chrono::milliseconds limit) {
    if (shared_.stopping) return stream_.close();
    if (buffer_.size() > 0) return read_request();
    stream_.expires_after(limit);
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](const error_code& failure, std::size_t bytes) {
                              if (failure) return;
                              self->buffer_.commit(bytes);
                              self->read_request();
                            });
  }

  void read_request() {
    parser_.emplace();
    parser_->header_limit(shared_.limits.header_bytes);
    parser_->body_limit(0);
    stream_.expires_after(shared_.limits.read);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const error_code& failure, std::size_t) { self->take_request(failure); });
  }

  void take_request(const error_code& failure) {
    is_answering_ = true;
    const auto& message = parser_->get();
    is_head_ = message.method() == http::verb::head;
    const bool known = is_head_ || message.method() == http::verb::get;
    if (failure && failure != http::error::body_limit) {
      auto answer = answer_to(failure);
      return answer ? answer_and_close(*std::move(answer)) : stream_.close();
    }
    if (!known) {
      Response answer = refusal(405, "Only GET and HEAD are answered.\n");
      answer.headers.emplace_back("Allow", "GET, HEAD");
      return answer_and_close(std::move(answer));
    }
    const bool has_body = failure || parser_->chunked() || parser_->content_length().value_or(0) > 0;
    if (has_body) return answer_and_close(refusal(400, "A request has no body here.\n"));
    if (message.count(http::field::host) > 1 ||
        (message.version() >= 11 && message.count(http::field::host) == 0))
      return answer_and_close(refusal(400, "A request names one host.\n"));
    keep_ = parser_->keep_alive();
    // The reply may come from another thread.
    (*shared_.handler)(request_of(message), [self = shared_from_this()](Response response) {
      asio::post(self->stream_.get_executor(),
                 [self, response = std::move(response)]() mutable { self->answer(std::move(response)); });
    });
  }

  void answer_and_close(Response response) {
    keep_ = false;
    was_refused_ = true;
    answer(std::move(response));
  }

  void answer(Response response) {
    const auto held = [](const Response& one) { return one.pieces ? kPiecesHeldBytes : one.body.size(); };
    if (shared_.answer_bytes + held(response) > shared_.limits.answer_bytes) {
      if (response.events) response.events->close();
      response = refusal(503, "Too much is under way; try again.\n");
      response.headers.emplace_back("Retry-After", "1");
    }
    response_ = std::move(response);
    taken_ = held(response_);
    shared_.answer_bytes += taken_;
    const std::string_view bytes = response_.bytes();
    message_.emplace();
    message_->result(response_.status);
    message_->version(11);
    for (const auto& [name, value] : response_.headers) message_->insert(name, value);
    message_->body() = {bytes.data(), bytes.size()};
    const bool has_size = !response_.events && (!response_.pieces || response_.pieces->size);
    is_chunked_ = response_.pieces && !has_size && parser_->get().version() >= 11;
    if (is_chunked_) message_->chunked(true);
    if (response_.status != 304 && has_size)
      message_->content_length(response_.pieces ? *response_.pieces->size : bytes.size());
    // Where a stream ends is told by the end of its connection (RFC 9112, section 6.3).
    keep_ = keep_ && !shared_.stopping && (has_size || is_chunked_);
    message_->keep_alive(keep_);
    serializer_.emplace(*message_);
    stream_.expires_after(shared_.limits.write);
    const auto written = [self = shared_from_this()](const error_code& failure, std::size_t) {
      self->finish_answer(failure);
    };
    if (response_.pieces && !is_head_) {
      http::async_write_header(stream_, *serializer_,
                               [self = shared_from_this()](const error_code& failure, std::size_t) {
                                 failure ? self->finish_answer(failure) : self->write_piece();
                               });
    } else if (is_head_ || response_.events) {
      http::async_write_header(stream_, *serializer_, written);
    } else {
      http::async_write(stream_, *serializer_, written);
    }
  }

  /// The next one is made when the client has taken this one.
  void write_piece() {
    auto piece = response_.pieces->next();
    // The client sees that the rest is missing: its length, or the last chunk.
    if (!piece) return finish_answer(asio::error::connection_aborted);
    const bool is_last = piece->empty();
    written_ = is_chunked_ ? chunk_of(*piece) : *std::move(piece);
    asio::async_write(stream_, asio::buffer(written_),
                      [self = shared_from_this(), is_last](const error_code& failure, std::size_t) {
                        failure || is_last ? self->finish_answer(failure) : self->write_piece();
                      });
  }

  void finish_answer(const error_code& failure) {
    is_answering_ = false;
    serializer_.reset();
    message_.reset();
    const auto events = std::exchange(response_.events, {});
    response_ = {};
    written_.clear();
    written_.shrink_to_fit();
    give_back();
    if (failure || (events && (is_head_ || shared_.stopping))) {
      if (events) events->close();
      return stream_.close();
    }
    if (events) return begin_stream(events);
    if (keep_) return wait_for_request(shared_.limits.idle);
    error_code ignored;
    static_cast<void>(stream_.socket().shutdown(tcp::socket::shutdown_send, ignored));
    if (!was_refused_) return stream_.close();
    // A close before all of the request was taken would cut off the answer.
    stream_.expires_after(shared_.limits.linger);
    drop_rest(0);
  }

  void drop_rest(std::size_t dropped) {
    if (dropped > kLingerBytesMax || shared_.stopping) return stream_.close();
    stream_.async_read_some(asio::buffer(rest_), [self = shared_from_this(), dropped](
                                                     const error_code& failure, std::size_t bytes) {
      if (failure) return self->stream_.close();
      self->drop_rest(dropped + bytes);
    });
  }

  void give_back() {
    shared_.answer_bytes -= taken_;
    taken_ = 0;
  }

  // A stream, after its header: 1. write what waits; 2. wait until more does, or for a beat; 3. go on with 1.
  // A read is under way beside, by which the end of the client is seen at once. The timers are those of this
  // connection, since a limit of beast's stream goes for reads and writes alike.

  void begin_stream(const std::shared_ptr<EventStream>& events) {
    events_ = events;
    stream_.expires_never();
    events_->attach([self = weak_from_this()] {
      const auto connection = self.lock();
      if (!connection) return;
      asio::post(connection->stream_.get_executor(), [connection] { connection->write_events(); });
    });
    wait_for_end();
    write_events();
  }

  void wait_for_end() {
    stream_.socket().async_read_some(asio::buffer(rest_),
                                     [self = shared_from_this()](const error_code& failure, std::size_t) {
                                       if (!self->events_) return;
                                       // A client that talks into its answer is read and not answered.
                                       failure ? self->end_stream() : self->wait_for_end();
                                     });
  }

  void write_events() {
    if (!events_ || is_writing_) return;
    written_ = events_->take();
    if (written_.empty() && !events_->is_open()) return end_stream();
    if (written_.empty()) return wait_for_beat();
    write_stream();
  }

  void write_stream() {
    is_writing_ = true;
    shared_.answer_bytes += written_.size();
    taken_ = written_.size();
    timer_.expires_after(shared_.limits.write);
    timer_.async_wait([self = shared_from_this()](const error_code& failure) {
      if (!failure && self->is_writing_) self->end_stream();
    });
    asio::async_write(stream_.socket(), asio::buffer(written_),
                      [self = shared_from_this()](const error_code& failure, std::size_t) {
                        self->is_writing_ = false;
                        self->give_back();
                        failure ? self->end_stream() : self->write_events();
                      });
  }

  void wait_for_beat() {
    timer_.expires_after(shared_.limits.beat);
    timer_.async_wait([self = shared_from_this()](const error_code& failure) {
      if (failure || !self->events_ || self->is_writing_) return;
      self->written_ = kBeat;
      self->write_stream();
    });
  }

  void end_stream() {
    if (!events_) return;
    const auto events = std::exchange(events_, {});
    events->attach({});
    events->close();
    timer_.cancel();
    stream_.close();
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{32 * 1024};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::size_t taken_ = 0;
  std::optional<http::response<http::span_body<const char>>> message_;
  std::optional<http::response_serializer<http::span_body<const char>>> serializer_;
  std::array<char, kReadBytes> rest_{};
  std::shared_ptr<EventStream> events_;  ///< while a stream is under way
  std::string written_;                  ///< of it, or of an answer in pieces, what is being written
  bool is_writing_ = false;
  asio::steady_timer timer_{stream_.get_executor()};
  bool is_head_ = false;
  bool keep_ = false;
  bool is_chunked_ = false;
  bool is_answering_ = false;
  bool was_refused_ = false;
};

class BeastServer final : public Server {
 public:
  explicit BeastServer(const Limits& limits) { shared_.limits = limits; }

  Result<void> open(const Address& address) {
    const auto failed = [&address](const error_code& failure) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("cannot listen at {}: {}; {}", address.text(), failure.message(),
                              failure == asio::error::address_in_use
                                  ? "stop the program that listens there, or choose another port by --listen"
                                  : "choose another address or port by --listen"));
    };
    error_code failure;
    const tcp::endpoint endpoint(asio::ip::make_address(address.ip, failure), address.port);
    if (failure) return failed(failure);
    if (acceptor_.open(endpoint.protocol(), failure)) return failed(failure);
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), failure)) return failed(failure);
    if (acceptor_.bind(endpoint, failure)) return failed(failure);
    if (acceptor_.listen(asio::socket_base::max_listen_connections, failure)) return failed(failure);
    const tcp::endpoint bound = acceptor_.local_endpoint(failure);
    if (failure) return failed(failure);
    address_ = {.ip = address.ip, .port = bound.port()};
    return {};
  }

  const Address& address() const override { return address_; }

  void run(const Handler& handler, const std::stop_token& stop) override {
    base::name_thread("http");
    shared_.handler = &handler;
    accept();
    const std::stop_callback on_stop(stop, [this] { asio::post(context_, [this] { begin_stop(); }); });
    context_.run();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& failure, tcp::socket socket) {
      if (shared_.stopping) return;
      if (failure) return accept_later();
      if (shared_.connections.size() < shared_.limits.connections) {
        std::make_shared<Connection>(std::move(socket), shared_)->start();
      } else {
        refuse(std::move(socket));
      }
      accept();
    });
  }

  /// There are no descriptors left, for one: what is open may close.
  void accept_later() {
    timer_.expires_after(kAcceptPause);
    timer_.async_wait([this](const error_code& failure) {
      if (!failure && !shared_.stopping) accept();
    });
  }

  static void refuse(tcp::socket socket) {
    error_code ignored;
    static_cast<void>(socket.non_blocking(true, ignored));
    socket.send(asio::buffer(kTooMany.data(), kTooMany.size()), 0, ignored);
    static_cast<void>(socket.shutdown(tcp::socket::shutdown_both, ignored));
  }

  void begin_stop() {
    shared_.stopping = true;
    error_code ignored;
    static_cast<void>(acceptor_.close(ignored));
    for (Connection* connection : std::set(shared_.connections)) connection->stop();
    timer_.expires_after(shared_.limits.stop);
    timer_.async_wait([this](const error_code& failure) {
      if (!failure) context_.stop();
    });
    end_when_idle();
  }

  void end_when_idle() {
    if (shared_.connections.empty()) return context_.stop();
    constexpr std::chrono::milliseconds kPause{20};
    idle_.expires_after(kPause);
    idle_.async_wait([this](const error_code& failure) {
      if (!failure) end_when_idle();
    });
  }

  Shared shared_;  ///< goes after the connections, which the context owns
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer timer_{context_};
  asio::steady_timer idle_{context_};
  Address address_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const Address& address, const Limits& limits) {
  auto server = std::make_unique<BeastServer>(limits);
  SDP_RETURN_IF_ERROR(server->open(address));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace sdp::http
