#include "store/s3/credential_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/utc_time.h"

namespace sdp::store::s3 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const UtcMillis kStart = *base::parse_iso("2026-02-15T12:00:00Z");

Credentials named(const std::string& name, std::optional<UtcMillis> expires) {
  return {.access_key = name, .secret_key = Secret("s"), .session_token = Secret("t"), .expires = expires};
}

/// Gives `1`, `2`, ... each for an hour, or fails.
struct Service {
  base::ManualClock clock{kStart};
  int asked = 0;
  bool is_down = false;
  minutes life{60};

  Result<Credentials> give() {
    ++asked;
    if (is_down) return fail(ErrorKind::retry, "nobody answers");
    return named(std::to_string(asked), clock.utc_now() + life);
  }
  CredentialKeeper keeper() {
    return {"a role", *give(), [this] { return give(); }, clock};
  }
};

TEST(RenewalTime, IsFiveMinutesBeforeTheEndOrHalfway) {
  EXPECT_EQ(renewal_time(kStart, kStart + minutes(60)), kStart + minutes(55));
  EXPECT_EQ(renewal_time(kStart, kStart + minutes(10)), kStart + minutes(5));
  EXPECT_EQ(renewal_time(kStart, kStart + minutes(4)), kStart + minutes(2));
}

TEST(CredentialKeeper, TheyAreRenewedFiveMinutesBeforeTheirEnd) {
  Service service;
  auto keeper = service.keeper();
  service.clock.advance(minutes(55) - seconds(1));
  EXPECT_EQ((*keeper.get())->access_key, "1");
  service.clock.advance(seconds(1));
  EXPECT_EQ((*keeper.get())->access_key, "2");
  EXPECT_EQ((*keeper.get())->access_key, "2");
  service.clock.advance(minutes(55));
  EXPECT_EQ((*keeper.get())->access_key, "3");
  EXPECT_EQ(service.asked, 3);
}

TEST(CredentialKeeper, ShortLivesDoNotMeanARenewalForEachRequest) {
  Service service;
  service.life = minutes(4);
  auto keeper = service.keeper();
  for (int second = 0; second < 600; ++second) {
    ASSERT_TRUE(keeper.get());
    service.clock.advance(seconds(1));
  }
  EXPECT_EQ(service.asked, 5);
}

TEST(CredentialKeeper, ThoseThatHoldAreUsedWhileTheServiceIsDown) {
  Service service;
  auto keeper = service.keeper();
  service.is_down = true;
  service.clock.advance(minutes(56));
  EXPECT_EQ((*keeper.get())->access_key, "1");
  EXPECT_EQ((*keeper.get())->access_key, "1");
  EXPECT_EQ(service.asked, 2) << "it is not asked for each request";
  service.clock.advance(CredentialKeeper::kRetryPause);
  EXPECT_EQ((*keeper.get())->access_key, "1");
  EXPECT_EQ(service.asked, 3);
  service.is_down = false;
  service.clock.advance(CredentialKeeper::kRetryPause);
  EXPECT_EQ((*keeper.get())->access_key, "4");
}

TEST(CredentialKeeper, ThoseThatEndedAreNotUsedAndTheNextRequestAsksAgain) {
  Service service;
  auto keeper = service.keeper();
  service.is_down = true;
  service.clock.advance(minutes(61));
  const auto got = keeper.get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::retry);
  EXPECT_THAT(got.error().message, HasSubstr("a role: nobody answers"));
  service.is_down = false;
  EXPECT_EQ((*keeper.get())->access_key, "3");
}

TEST(CredentialKeeper, ThoseThatAServerRefusesAreReplacedAtOnceAndOnlyOnce) {
  Service service;
  auto keeper = service.keeper();
  const auto first = *keeper.get();
  const auto second = *keeper.replace(first);
  EXPECT_EQ(second->access_key, "2");
  EXPECT_EQ(*keeper.replace(first), second) << "another request had them replaced already";
  EXPECT_EQ(service.asked, 2);
}

TEST(CredentialKeeper, ThoseThatAreAllThereAreStayAsTheyAre) {
  base::ManualClock clock(kStart);
  CredentialKeeper keeper("AWS_ACCESS_KEY_ID", named("1", std::nullopt), {}, clock);
  clock.advance(std::chrono::hours(24 * 365));
  const auto given = *keeper.get();
  EXPECT_EQ(*keeper.replace(given), given);
}

/// Waits until it is let go, and counts how many are in it.
struct SlowService {
  std::latch asked{1};
  std::latch let_go{1};
  std::atomic<int> renewals = 0;

  Result<Credentials> renew(bool fails) {
    if (++renewals == 1) asked.count_down();
    let_go.wait();
    if (fails) return fail(ErrorKind::retry, "nobody answers");
    return named("new", base::system_clock().utc_now() + minutes(60));
  }
};

TEST(CredentialKeeper, OneThreadRenewsAndTheOthersGoOnWithThoseThatHold) {
  SlowService service;
  const UtcMillis now = base::system_clock().utc_now();
  base::ManualClock clock(now);
  CredentialKeeper keeper(
      "a role", named("old", now + minutes(60)), [&] { return service.renew(false); }, clock);
  clock.advance(minutes(56));
  std::jthread renewer([&] { EXPECT_EQ((*keeper.get())->access_key, "new"); });
  service.asked.wait();
  for (int i = 0; i < 100; ++i) EXPECT_EQ((*keeper.get())->access_key, "old");
  service.let_go.count_down();
  renewer.join();
  EXPECT_EQ(service.renewals, 1);
}

class EndedCredentials : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(CredentialKeeper, EndedCredentials, ::testing::Bool());

TEST_P(EndedCredentials, AllThreadsShareTheOutcomeOfOneRenewal) {
  SlowService service;
  const UtcMillis now = base::system_clock().utc_now();
  base::ManualClock clock(now);
  CredentialKeeper keeper(
      "a role", named("old", now + minutes(60)), [&] { return service.renew(GetParam()); }, clock);
  clock.advance(minutes(61));
  std::atomic<int> failed = 0;
  std::atomic<int> begun = 0;
  {
    std::jthread renewer([&] { failed += keeper.get() ? 0 : 1; });
    service.asked.wait();
    std::vector<std::jthread> others;
    for (int i = 0; i < 8; ++i) {
      others.emplace_back([&] {
        ++begun;
        failed += keeper.get() ? 0 : 1;
      });
    }
    while (begun < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    service.let_go.count_down();
  }
  EXPECT_EQ(failed, GetParam() ? 9 : 0);
  // A thread that the machine let wait for so long finds a failure in the past, and asks again.
  EXPECT_LT(service.renewals, GetParam() ? 9 : 2);
}

}  // namespace
}  // namespace sdp::store::s3
