#include "monitor/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include <string>
#include <vector>

#include "os/loopback.h"
#include "support/patience.h"

namespace sdp::monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class AnswersTest : public testing::Test {
 protected:
  http::Response ask(const std::string& target, const std::string& host = "127.0.0.1:9108") {
    return answers_.answer({.method = "GET",
                            .target = target,
                            .host = host,
                            .authorization = {},
                            .cookie = {},
                            .accept_encoding = {},
                            .if_none_match = {},
                            .fetch_site = {},
                            .forwarded_proto = {},
                            .last_event_id = {}});
  }

  base::ManualClock clock_{UtcMillis(seconds(1'771'173'156))};
  metrics::Registry registry_;
  metrics::Health health_{seconds(300), clock_.steady_now()};
  Answers answers_{{registry_, health_, clock_}, true};
};

TEST_F(AnswersTest, MetricsAreInPrometheussFormat) {
  registry_.counter("sink_records_total", {"events"}).Increment(2);
  const auto answer = ask("/metrics?x=1");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.headers,
              testing::Contains(testing::Pair("Content-Type", "text/plain; version=0.0.4; charset=utf-8")));
  EXPECT_THAT(answer.body, HasSubstr("sink_records_total{topic=\"events\"} 2\n"));
}

TEST_F(AnswersTest, ManyWhoAskGetTheTextOfOneSecond) {
  auto& counter = registry_.counter("sink_records_total", {"events"});
  ask("/metrics");
  counter.Increment(7);
  clock_.advance(milliseconds(999));
  EXPECT_THAT(ask("/metrics").body, Not(HasSubstr("} 7\n")));
  clock_.advance(milliseconds(1));
  EXPECT_THAT(ask("/metrics").body, HasSubstr("} 7\n"));
}

TEST_F(AnswersTest, HealthIsAStatusAndASentence) {
  EXPECT_EQ(ask("/healthz").status, 200U);
  EXPECT_EQ(ask("/readyz").status, 503U);
  EXPECT_THAT(ask("/readyz").body, HasSubstr("starting"));
  health_.say(metrics::Readiness::ready);
  EXPECT_EQ(ask("/readyz").status, 200U);
  clock_.advance(seconds(301));
  EXPECT_EQ(ask("/healthz").status, 503U);
  EXPECT_EQ(ask("/readyz").status, 503U);
}

TEST_F(AnswersTest, ALoopBesideHasToBeWellToo) {
  metrics::Health sink(seconds(20), clock_.steady_now());
  Answers both({registry_, health_, clock_, &sink}, true);
  http::Request request;
  request.host = "localhost";
  request.target = "/readyz";
  EXPECT_EQ(both.answer(request).status, 503U);
  health_.say(metrics::Readiness::ready);
  sink.say(metrics::Readiness::store_hangs);
  EXPECT_THAT(both.answer(request).body, HasSubstr("the store does not answer"));
  sink.say(metrics::Readiness::ready);
  EXPECT_EQ(both.answer(request).body, "ready\n");
  clock_.advance(seconds(21));
  request.target = "/healthz";
  EXPECT_EQ(both.answer(request).status, 503U);
}

TEST_F(AnswersTest, WhatIsAnsweredIsKnownByItsTarget) {
  for (const char* target : {"/metrics", "/metrics?x=1", "/healthz", "/readyz"})
    EXPECT_TRUE(is_of_monitor(target)) << target;
  for (const char* target : {"/", "/metrics/", "/x?/metrics", ""})
    EXPECT_FALSE(is_of_monitor(target)) << target;
  EXPECT_TRUE(is_metrics("/metrics?x=1"));
  EXPECT_FALSE(is_metrics("/healthz"));
}

TEST_F(AnswersTest, ThereIsNothingElse) {
  for (const char* target : {"/", "/metrics/", "/data/current.js", "metrics", "", "/../etc/passwd"})
    EXPECT_EQ(ask(target).status, 404U) << target;
}

TEST_F(AnswersTest, OnLoopbackOnlyLoopbacksNamesAreAnswered) {
  EXPECT_EQ(ask("/metrics", "evil.example").status, 421U);
  EXPECT_EQ(ask("/metrics", "localhost:9108").status, 200U);
  Answers open({registry_, health_, clock_}, false);
  http::Request request;
  request.target = "/healthz";
  request.host = "sink-0.example:9108";
  EXPECT_EQ(open.answer(request).status, 200U);
}

class MonitorTest : public testing::Test {
 protected:
  os::UniqueFd connect() const {
    auto socket = os::tcp_socket();
    const timeval patience{support::kPatience.count(), 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_TRUE(os::connect_to(socket, os::loopback(monitor_->address().port)));
    return socket;
  }
  static void send(const os::UniqueFd& socket, std::string_view text) {
    ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  std::string ask(const std::string& target) const {
    const auto socket = connect();
    send(socket, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    std::string all;
    char byte = 0;
    while (::recv(socket.get(), &byte, 1, 0) == 1) all += byte;
    return all;
  }

  metrics::Registry registry_;
  metrics::Health health_{seconds(300), base::system_clock().steady_now()};
  std::unique_ptr<Monitor> monitor_ =
      Monitor::start({.ip = "127.0.0.1", .port = 0}, {registry_, health_, base::system_clock()}).value();
};

TEST_F(MonitorTest, AnswersUntilItsEnd) {
  registry_.counter("sink_records_total", {"events"}).Increment(2);
  EXPECT_THAT(ask("/metrics"), HasSubstr("sink_records_total{topic=\"events\"} 2\n"));
  EXPECT_THAT(ask("/readyz"), StartsWith("HTTP/1.1 503 "));
  health_.say(metrics::Readiness::ready);
  EXPECT_THAT(ask("/readyz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(MonitorTest, AClientThatSaysNothingStopsNobodyAndNotTheEnd) {
  std::vector<os::UniqueFd> silent;
  for (int at = 0; at < 10; ++at) {
    silent.push_back(connect());
    send(silent.back(), "GET /met");
  }
  EXPECT_THAT(ask("/healthz"), StartsWith("HTTP/1.1 200 "));
  const auto begun = base::system_clock().steady_now();
  monitor_.reset();
  EXPECT_LT(base::system_clock().steady_now() - begun, seconds(2));
}

TEST_F(MonitorTest, APortThatIsTakenIsNamed) {
  const auto second = Monitor::start(monitor_->address(), {registry_, health_, base::system_clock()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(second.error().message, HasSubstr(monitor_->address().text()));
}

}  // namespace
}  // namespace sdp::monitor
