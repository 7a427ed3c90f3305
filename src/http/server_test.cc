#include "http/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/loopback.h"
#include "support/patience.h"

namespace sdp::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection as a client sees it.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    const timeval patience{support::kPatience.count(), 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_TRUE(os::connect_to(socket_, os::loopback(port)));
  }

  void send(std::string_view text) const { ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL); }
  /// All that comes until the server closes, or until `end` is there.
  std::string read(std::string_view end = "\n\n\n") const {
    std::string all;
    char byte = 0;
    while (!all.ends_with(end) && ::recv(socket_.get(), &byte, 1, 0) == 1) all += byte;
    return all;
  }
  void end_sending() const { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  os::UniqueFd socket_ = os::tcp_socket();
};

class ServerTest : public testing::Test {
 protected:
  void start(Limits limits = {}) {
    server_ = Server::listen({.ip = "127.0.0.1", .port = 0}, limits).value();
    thread_ = std::jthread([this](const std::stop_token& stop) { server_->run(handler_, stop); });
  }
  ~ServerTest() override { stop(); }
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return server_->address().port; }
  std::string ask(std::string_view text) const {
    const Client client(port());
    client.send(text);
    return client.read();
  }

  Handler handler_ = [](const Request& request, const Reply& reply) {
    reply({.status = 200, .headers = {{"X-Target", request.target}}, .body = "the body", .asset = {}});
  };
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

TEST_F(ServerTest, AnswersOneRequestAfterTheOther) {
  start();
  const Client client(port());
  for (const char* target : {"/a", "/b"}) {
    client.send(std::string("GET ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = client.read("the body");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr(std::string("X-Target: ") + target + "\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  }
}

TEST_F(ServerTest, RequestsThatComeAtOnceAreAnsweredInTheirOrder) {
  start();
  const std::string both =
      ask("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_LT(both.find("X-Target: /1"), both.find("X-Target: /2"));
  EXPECT_NE(both.find("X-Target: /2"), std::string::npos);
}

TEST_F(ServerTest, HeadHasTheHeadersAndNoBody) {
  start();
  const std::string answer = ask("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, OtherMethodsAreRefused) {
  start();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"}) {
    const std::string answer = ask(std::string(method) + " / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n")) << method;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << method;
  }
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x')),
              StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, ARequestHasNoBodyAndNoTwoWaysToReadIt) {
  start();
  for (const char* headers :
       {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: +5\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Host: y\r\n", "Bad Name: x\r\n"}) {
    const std::string answer = ask(std::string("GET / HTTP/1.1\r\nHost: x\r\n") + headers +
                                   "\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << headers;
    EXPECT_THAT(answer, Not(HasSubstr("X-Target"))) << headers;
  }
}

TEST_F(ServerTest, WhatIsNoRequestIsRefused) {
  start();
  for (const char* text : {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
                           "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\r\n\r\n"})
    EXPECT_THAT(ask(text), StartsWith("HTTP/1.1 400 ")) << text;
}

TEST_F(ServerTest, AHeaderIsSixteenKibibytesAtMost) {
  start();
  const auto with = [this](std::size_t bytes) {
    return ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + std::string(bytes, 'x') +
               "\r\n\r\n");
  };
  EXPECT_THAT(with(15'000), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(with(17'000), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(with(200'000), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ServerTest, ASlowClientIsCutOffWhateverItSends) {
  start({.read = std::chrono::milliseconds(300)});
  const Client client(port());
  const auto begun = std::chrono::steady_clock::now();
  std::jthread drip([&client](const std::stop_token& quit) {
    for (const char byte : kGet.substr(0, kGet.size() - 1)) {
      if (quit.stop_requested()) return;
      client.send({&byte, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  EXPECT_EQ(client.read(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1'500));
}

TEST_F(ServerTest, WhoSaysNothingMoreIsCutOff) {
  start({.idle = std::chrono::milliseconds(200)});
  const Client client(port());
  client.send(kGet);
  EXPECT_THAT(client.read(), EndsWith("the body"));
}

TEST_F(ServerTest, MoreConnectionsThanThereMayBeAreTurnedAway) {
  start({.connections = 2});
  auto first = std::make_unique<Client>(port());
  first->send(kGet);
  EXPECT_THAT(first->read("the body"), StartsWith("HTTP/1.1 200 "));
  const Client second(port());
  second.send(kGet);
  EXPECT_THAT(second.read("the body"), StartsWith("HTTP/1.1 200 "));
  const Client third(port());
  EXPECT_THAT(third.read(), StartsWith("HTTP/1.1 503 "));
  first.reset();
  // The place is free as soon as the server has seen that the first one left.
  std::string answer;
  for (int attempt = 0; attempt < 500 && !answer.starts_with("HTTP/1.1 200"); ++attempt) {
    const Client fourth(port());
    fourth.send(kGet);
    answer = fourth.read("the body");
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AnswersOnTheirWayHaveALimit) {
  handler_ = [](const Request&, const Reply& reply) {
    reply({.status = 200, .headers = {}, .body = std::string(1'000, 'x'), .asset = {}});
  };
  start({.answer_bytes = 999});
  const std::string answer = ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
}

TEST_F(ServerTest, ALaterAnswerFromAnotherThreadArrives) {
  std::vector<std::jthread> threads;
  handler_ = [&threads](const Request&, const Reply& reply) {
    threads.emplace_back([reply] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      reply({.status = 200, .headers = {}, .body = "later", .asset = {}});
    });
  };
  start();
  const Client client(port());
  client.send(kGet);
  EXPECT_THAT(client.read("later"), EndsWith("later"));
  threads.clear();
  stop();
}

TEST_F(ServerTest, StopsAtOnceWhenNothingIsUnderWay) {
  start();
  const Client idle(port());
  idle.send(kGet);
  EXPECT_THAT(idle.read("the body"), EndsWith("the body"));
  const Client half(port());
  half.send("GET / HT");
  const auto begun = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900));
}

TEST_F(ServerTest, AnAnswerThatNeverComesDoesNotHoldTheStop) {
  handler_ = [](const Request&, const Reply&) {};
  start({.stop = std::chrono::milliseconds(100)});
  const Client client(port());
  client.send(kGet);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  stop();
}

TEST_F(ServerTest, AClientThatLeavesEarlyHarmsNobody) {
  handler_ = [](const Request&, const Reply& reply) {
    reply({.status = 200, .headers = {}, .body = std::string(std::size_t{8} << 20, 'x'), .asset = {}});
  };
  start();
  for (int at = 0; at < 20; ++at) {
    const Client client(port());
    client.send(kGet);
  }
  EXPECT_EQ(ask("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").substr(0, 12), "HTTP/1.1 200");
}

/// Answers with a body in pieces.
class ServerPiecesTest : public ServerTest {
 protected:
  ServerPiecesTest() {
    handler_ = [this](const Request& request, const Reply& reply) {
      Pieces pieces{.size = std::nullopt,
                    .next = [this, sent = std::uint64_t{0}]() mutable { return piece(sent++); }};
      if (request.target == "/sized") pieces.size = pieces_ * Pieces::kBytesMax;
      reply({.status = 200, .headers = {}, .body = {}, .asset = {}, .pieces = std::move(pieces)});
    };
  }
  Result<std::string> piece(std::uint64_t number) {
    if (number == fails_at_) return fail(ErrorKind::bad_input, "it became shorter");
    if (number == pieces_) return std::string();
    ++made_;
    return std::string(Pieces::kBytesMax, 'x');
  }
  std::string get(std::string_view target, std::string_view version = "1.1") const {
    return ask(fmt::format("GET {} HTTP/{}\r\nHost: x\r\nConnection: close\r\n\r\n", target, version));
  }

  std::uint64_t pieces_ = 3;
  std::uint64_t fails_at_ = 1'000'000;
  std::atomic<std::uint64_t> made_ = 0;
};

TEST_F(ServerPiecesTest, ASlowClientHasNoMorePiecesMadeThanTheSystemTakes) {
  pieces_ = 1'000;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  constexpr std::uint64_t kClients = 8;
  for (std::uint64_t at = 0; at < kClients; ++at) {
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->send("GET /sized HTTP/1.1\r\nHost: x\r\n\r\n");
    clients.back()->read("\r\n\r\n");
  }
  std::uint64_t before = 0;
  EXPECT_TRUE(support::comes_true([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return std::exchange(before, made_.load()) == made_.load();
  }));
  EXPECT_LT(made_.load(), kClients * pieces_ / 2);
}

TEST_F(ServerPiecesTest, AnAnswerWhoseSizeIsKnownSaysIt) {
  start();
  const std::string answer = get("/sized");
  const std::string size = fmt::format("Content-Length: {}\r\n", pieces_ * Pieces::kBytesMax);
  EXPECT_THAT(answer.substr(0, 200), HasSubstr(size));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, pieces_ * Pieces::kBytesMax);
  const std::string head = ask("HEAD /sized HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr(size));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(ServerPiecesTest, AnotherOneComesInChunksAndTheConnectionStays) {
  start();
  const Client client(port());
  for (int again = 0; again < 2; ++again) {
    client.send(kGet);
    const std::string answer = client.read("\r\n0\r\n\r\n");
    EXPECT_THAT(answer.substr(0, 200), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(answer.substr(0, 200), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(answer.substr(0, 200), HasSubstr("\r\n\r\n10000\r\nxxx"));
    EXPECT_THAT(answer, EndsWith("xxx\r\n0\r\n\r\n"));
  }
}

TEST_F(ServerPiecesTest, AClientOfHttp10IsSentNoChunks) {
  start();
  const std::string answer = get("/", "1.0");
  EXPECT_THAT(answer.substr(0, 200), Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, pieces_ * Pieces::kBytesMax);
}

TEST_F(ServerPiecesTest, WhatCannotBeReadToItsEndIsNotEnded) {
  fails_at_ = 2;
  start();
  const std::string chunks = get("/");
  EXPECT_THAT(chunks, EndsWith("xxx\r\n"));
  const std::string sized = get("/sized");
  EXPECT_EQ(sized.size() - sized.find("\r\n\r\n") - 4, 2 * Pieces::kBytesMax);
}

TEST_F(ServerPiecesTest, PiecesCountToo) {
  start({.answer_bytes = 100'000});
  EXPECT_THAT(get("/sized"), StartsWith("HTTP/1.1 503 "));
}

/// Answers every request with a stream, which the test has.
class ServerStreamTest : public ServerTest {
 protected:
  ServerStreamTest() {
    handler_ = [this](const Request&, const Reply& reply) {
      reply({.status = 200,
             .headers = {{"Content-Type", "text/event-stream"}},
             .body = {},
             .asset = {},
             .events = stream_});
    };
  }

  std::shared_ptr<EventStream> stream_ = std::make_shared<EventStream>();
};

TEST_F(ServerStreamTest, EventsComeAsTheyAreSentUntilTheStreamIsClosed) {
  start();
  stream_->send("data: 1\n\n");
  const Client client(port());
  client.send(kGet);
  const std::string begin = client.read("data: 1\n\n");
  EXPECT_THAT(begin, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(begin, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(begin, Not(HasSubstr("Content-Length")));
  stream_->send("data: 2\n\n");
  EXPECT_EQ(client.read("data: 2\n\n"), "data: 2\n\n");
  stream_->send("data: 3\n\n");
  stream_->close();
  EXPECT_EQ(client.read(), "data: 3\n\n");
}

TEST_F(ServerStreamTest, ASilentStreamHasABeat) {
  start({.beat = std::chrono::milliseconds(20)});
  const Client client(port());
  client.send(kGet);
  EXPECT_THAT(client.read(": still here\n\n"), EndsWith(": still here\n\n"));
  EXPECT_EQ(client.read(": still here\n\n"), ": still here\n\n");
}

TEST_F(ServerStreamTest, WhoLeavesClosesTheStream) {
  start();
  {
    const Client client(port());
    client.send(kGet);
    client.read("\r\n\r\n");
  }
  EXPECT_TRUE(support::comes_true([&] { return !stream_->is_open(); }));
}

TEST_F(ServerStreamTest, WhoReadsNothingIsCutOff) {
  start({.write = std::chrono::milliseconds(100)});
  const Client client(port());
  client.send(kGet);
  client.read("\r\n\r\n");
  const std::string event(std::size_t{256} << 10, 'x');
  EXPECT_TRUE(support::comes_true([&] { return !stream_->send(event); }));
}

TEST_F(ServerStreamTest, TheEndOfTheServerEndsStreams) {
  start({.stop = std::chrono::milliseconds(10'000)});
  const Client client(port());
  client.send(kGet);
  client.read("\r\n\r\n");
  const auto begun = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(9'000));
  EXPECT_FALSE(stream_->is_open());
  EXPECT_EQ(client.read(), "");
}

TEST_F(ServerStreamTest, HeadHasNoEvents) {
  start();
  stream_->send("data: 1\n\n");
  EXPECT_THAT(ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("\r\n\r\n"));
  EXPECT_FALSE(stream_->is_open());
}

TEST(ServerListen, APortThatIsTakenIsNamed) {
  const auto first = Server::listen({.ip = "127.0.0.1", .port = 0}, {}).value();
  const auto second = Server::listen(first->address(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(second.error().message, HasSubstr(first->address().text()));
  EXPECT_THAT(second.error().message, HasSubstr("--listen"));
}

TEST(ServerListen, AnAddressThatIsNotHereIsNamed) {
  const auto server = Server::listen({.ip = "192.0.2.1", .port = 0}, {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::http
