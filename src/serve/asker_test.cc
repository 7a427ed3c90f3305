#include "serve/asker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <string>

namespace sdp::serve {
namespace {

TEST(Asker, AnswersEachQuestion) {
  Asker asker;
  std::promise<Result<std::string>> answer;
  asker.ask([] { return Result<std::string>("answer"); },
            [&](Result<std::string> text) { answer.set_value(std::move(text)); });
  EXPECT_EQ(*answer.get_future().get(), "answer");
}

TEST(Asker, WhoAsksWhenTooManyWaitIsToldAtOnce) {
  std::latch go_on(1);
  std::latch begun(1);
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  {
    Asker asker;
    asker.ask(
        [&] {
          begun.count_down();
          go_on.wait();
          return Result<std::string>("slow");
        },
        [&](const Result<std::string>&) { ++answered; });
    begun.wait();
    const auto count = [&](const Result<std::string>& text) { text ? ++answered : ++refused; };
    for (std::size_t at = 0; at < Asker::kWaitingMax; ++at)
      asker.ask([] { return Result<std::string>("quick"); }, count);
    EXPECT_EQ(refused, 0);
    asker.ask([] { return Result<std::string>("quick"); }, count);
    EXPECT_EQ(refused, 1);
    go_on.count_down();
  }
  EXPECT_GE(answered, 1) << "the end waits for the question that is being asked";
}

}  // namespace
}  // namespace sdp::serve
