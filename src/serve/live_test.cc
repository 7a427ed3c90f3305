#include "serve/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "serve/query.h"

namespace sdp::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;

TEST(QueryValue, IsDecoded) {
  EXPECT_EQ(query_value("/live/records?partition=3&text=Shape%20of+You%2f", "text"), "Shape of You/");
  EXPECT_EQ(query_value("/live/records?partition=3&text=", "text"), "");
  EXPECT_EQ(query_value("/live/records?partition=3", "text"), std::nullopt);
  EXPECT_EQ(query_value("/live/records", "text"), std::nullopt);
  EXPECT_EQ(query_value("/live/records?subtext=a&text=b", "text"), "b");
  EXPECT_EQ(query_value("/live/records?text=a%2", "text"), std::nullopt);
  EXPECT_EQ(query_value("/live/records?text=%zz", "text"), std::nullopt);
}

class Told final : public Watched {
 public:
  Look look() override { return {.json = "{}", .point = {}}; }
  Result<NewRecords> new_records(bool) override { return NewRecords{}; }
  Result<std::string> objects(std::string_view hour) override {
    if (hour == "away") return fail(ErrorKind::unavailable, "the store does not answer");
    if (hour == "broken") return fail(ErrorKind::fatal, "this cannot be");
    return "{\"hour\":\"" + std::string(hour) + "\"}\n";
  }
  Result<std::string> head(std::string_view key) override {
    return fail(ErrorKind::bad_input, std::string(key) + " is not there");
  }
  Result<std::string> record(log::Partition partition, log::Offset offset) override {
    return std::to_string(partition) + "/" + std::to_string(offset);
  }
};

class LiveTest : public testing::Test {
 protected:
  http::Response ask(const std::string& target) {
    std::promise<http::Response> answer;
    http::Request request;
    request.target = "/" + target;
    live_.answer(std::string_view(target).substr(0, target.find('?')), request,
                 [&](http::Response response) { answer.set_value(std::move(response)); });
    return answer.get_future().get();
  }

  Live live_{std::make_unique<Told>(), base::system_clock()};
};

TEST_F(LiveTest, AStreamIsKeptByNobodyOnItsWay) {
  const http::Response answer = ask("live/status");
  EXPECT_EQ(answer.status, 200U);
  ASSERT_TRUE(answer.events);
  EXPECT_THAT(answer.headers,
              testing::IsSupersetOf({Pair("Content-Type", "text/event-stream; charset=utf-8"),
                                     Pair("Cache-Control", "no-store"), Pair("X-Accel-Buffering", "no"),
                                     Pair("X-Content-Type-Options", "nosniff")}));
}

TEST_F(LiveTest, FiltersThatMeanNothingAreRefused) {
  EXPECT_TRUE(ask("live/records?partition=1&text=a&rejected=1").events);
  EXPECT_TRUE(ask("live/records?partition=&text=").events);
  for (const char* bad : {"live/records?partition=-1", "live/records?partition=x",
                          "live/records?partition=1e3", "live/records?partition=99999999999999999999"})
    EXPECT_EQ(ask(bad).status, 400U) << bad;
  EXPECT_EQ(ask("live/records?text=" + std::string(257, 'x')).status, 400U);
}

TEST_F(LiveTest, QuestionsAreAnsweredAndErrorsHaveTheirStatus) {
  EXPECT_EQ(ask("live/objects?hour=2026-02-15T17").body, "{\"hour\":\"2026-02-15T17\"}\n");
  EXPECT_EQ(ask("live/record?partition=3&offset=42").body, "3/42");
  const http::Response gone = ask("live/head?key=a%2Fb");
  EXPECT_EQ(gone.status, 404U);
  EXPECT_EQ(gone.body, "a/b is not there\n");
  EXPECT_EQ(ask("live/objects?hour=away").status, 503U);
  EXPECT_EQ(ask("live/objects?hour=broken").status, 500U);
  EXPECT_EQ(ask("live/objects").status, 400U);
  EXPECT_EQ(ask("live/head").status, 400U);
  EXPECT_EQ(ask("live/record?partition=3").status, 400U);
  EXPECT_EQ(ask("live/else").status, 404U);
}

TEST_F(LiveTest, TooManyPagesAreTurnedAway) {
  std::vector<http::Response> open;
  for (std::size_t at = 0; at < StatusFeed::kPagesMax; ++at) open.push_back(ask("live/status"));
  const http::Response answer = ask("live/status");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_FALSE(answer.events);
  EXPECT_THAT(answer.body, HasSubstr("close one of them"));
}

}  // namespace
}  // namespace sdp::serve
