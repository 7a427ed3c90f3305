#include "serve/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/utc_time.h"

namespace sdp::serve {
namespace {

using ::testing::HasSubstr;

/// Time that tests move while the worker looks at it.
class SharedClock final : public Clock {
 public:
  UtcMillis utc_now() const override { return *base::parse_iso("2026-02-15T17:52:36.123Z"); }
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::milliseconds(millis_.load())); }
  void sleep_for(std::chrono::milliseconds duration) override { millis_ += duration.count(); }

 private:
  std::atomic<std::int64_t> millis_ = 1'000'000;
};

class ServicesTest : public testing::Test {
 protected:
  std::string ask() {
    std::promise<std::string> answer;
    auto future = answer.get_future();
    services_.ask([&answer](std::string text) { answer.set_value(std::move(text)); });
    return future.get();
  }

  SharedClock clock_;
  std::atomic<int> asked_ = 0;
  Services services_{{[this] {
                       ++asked_;
                       return site::Service{
                           .name = "Kafdrop", .what = "w", .url = "u", .answers = true, .detail = "d"};
                     }},
                     clock_};
};

TEST_F(ServicesTest, NobodyIsAskedUntilSomebodyWantsToKnow) {
  EXPECT_EQ(asked_, 0);
  EXPECT_THAT(ask(),
              HasSubstr("\"checked_at\":\"2026-02-15T17:52:36.123Z\",\"services\":[{\"name\":\"Kafdrop\""));
  EXPECT_EQ(asked_, 1);
}

TEST_F(ServicesTest, AnAnswerHoldsForTenSeconds) {
  ask();
  clock_.sleep_for(std::chrono::milliseconds(9'999));
  ask();
  EXPECT_EQ(asked_, 1);
  clock_.sleep_for(std::chrono::milliseconds(1));
  ask();
  EXPECT_EQ(asked_, 2);
}

TEST(Services, WhoAsksMeanwhileGetsTheSameAnswer) {
  SharedClock clock;
  std::promise<void> go;
  std::atomic<int> asked = 0;
  Services services({[&asked, ready = go.get_future().share()] {
                      ++asked;
                      ready.wait();
                      return site::Service{};
                    }},
                    clock);
  std::vector<std::promise<void>> answered(5);
  for (auto& one : answered) services.ask([&one](const std::string&) { one.set_value(); });
  go.set_value();
  for (auto& one : answered) one.get_future().wait();
  // Those who asked while the service was being asked share the answer of that or of one more question.
  EXPECT_LE(asked, 2);
}

TEST(Services, AfterTheStopNobodyIsAnswered) {
  SharedClock clock;
  std::atomic<int> asked = 0;
  Services services({[&asked] {
                      ++asked;
                      return site::Service{};
                    }},
                    clock);
  services.stop();
  bool answered = false;
  services.ask([&answered](const std::string&) { answered = true; });
  services.stop();
  EXPECT_FALSE(answered);
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace sdp::serve
