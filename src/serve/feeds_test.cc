#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "serve/record_feed.h"
#include "serve/status_feed.h"
#include "support/patience.h"

namespace sdp::serve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A page's stream, and all that came by it.
class Page {
 public:
  std::shared_ptr<http::EventStream> events = std::make_shared<http::EventStream>();

  /// False when it does not come.
  bool hears(const std::string& text) {
    return support::comes_true([&] {
      heard_ += events->take();
      return heard_.contains(text);
    });
  }
  const std::string& heard() {
    heard_ += events->take();
    return heard_;
  }

 private:
  std::string heard_;
};

TEST(StatusFeed, APageHearsWhatWasSeenBeforeAndThenEachLook) {
  std::atomic<std::uint64_t> looks = 0;
  StatusFeed feed(
      [&] {
        const std::uint64_t look = ++looks;
        return Look{.json = "{\"look\":" + std::to_string(look) + "}\n",
                    .point = Point{.at = "t", .log = look, .lake = 0, .bronze = {}, .silver = {}}};
      },
      base::system_clock());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(looks, 0) << "nobody listens";

  Page first;
  ASSERT_TRUE(feed.add(first.events));
  ASSERT_TRUE(first.hears("\"look\":1"));
  EXPECT_THAT(first.heard(),
              AllOf(StartsWith("retry: 2000\n\nevent: history\n"), HasSubstr(R"({"points":[]})"),
                    HasSubstr("event: status\nid: 1\ndata: {\"look\":1}\n\n")));

  Page second;
  ASSERT_TRUE(feed.add(second.events));
  ASSERT_TRUE(second.hears("\"look\":1")) << "it does not wait for the next look";
  EXPECT_THAT(second.heard(), HasSubstr(R"({"at":"t","log":1,"lake":0,"bronze":null,"silver":null})"));
  ASSERT_TRUE(first.hears("\"look\":2"));
  ASSERT_TRUE(second.hears("\"look\":2"));
}

TEST(StatusFeed, ALookThatFailsIsToldAndIsNoPoint) {
  StatusFeed feed([] { return Look{.json = R"({"error":"away"})", .point = {}}; }, base::system_clock());
  Page page;
  ASSERT_TRUE(feed.add(page.events));
  ASSERT_TRUE(page.hears("away"));
  Page later;
  ASSERT_TRUE(feed.add(later.events));
  ASSERT_TRUE(later.hears("away"));
  EXPECT_THAT(later.heard(), HasSubstr(R"({"points":[]})"));
}

TEST(StatusFeed, NotMoreThanSomeMayListenAndWhoLeavesMakesRoom) {
  StatusFeed feed([] { return Look{.json = "{}", .point = {}}; }, base::system_clock());
  std::vector<Page> pages(StatusFeed::kPagesMax);
  for (Page& page : pages) ASSERT_TRUE(feed.add(page.events));
  Page late;
  EXPECT_FALSE(feed.add(late.events));
  pages.front().events->close();
  EXPECT_TRUE(support::comes_true([&] { return feed.add(late.events); }));
}

TEST(StatusFeed, ItsEndClosesStreams) {
  Page page;
  StatusFeed feed([] { return Look{.json = "{}", .point = {}}; }, base::system_clock());
  ASSERT_TRUE(feed.add(page.events));
  ASSERT_TRUE(page.hears("data: {}"));
  feed.stop();
  EXPECT_FALSE(page.events->is_open());
}

ShownRecord record(log::Offset offset, std::string value, std::string code = {}) {
  return {.partition = static_cast<log::Partition>(offset % 2),
          .offset = offset,
          .time = {},
          .key = "k",
          .value = std::move(value),
          .cut = false,
          .code = std::move(code),
          .reason = {}};
}

TEST(RecordFilter, AllThatIsAskedForMustHold) {
  const ShownRecord bad = record(3, "Levitating", "not_json");
  EXPECT_TRUE(is_wanted({}, bad));
  EXPECT_TRUE(is_wanted({.partition = 1, .text = "vita", .rejected = true}, bad));
  EXPECT_FALSE(is_wanted({.partition = 0, .text = "", .rejected = false}, bad));
  EXPECT_FALSE(is_wanted({.partition = {}, .text = "Vita", .rejected = false}, bad));
  EXPECT_TRUE(is_wanted({.partition = {}, .text = "k", .rejected = false}, bad)) << "the key counts, too";
  EXPECT_FALSE(is_wanted({.partition = {}, .text = "", .rejected = true}, record(3, "x")));
}

/// A topic that the test fills.
class RecordFeedTest : public testing::Test {
 protected:
  Result<NewRecords> read(bool restart) {
    const std::lock_guard lock(mutex_);
    if (restart) ++begun_;
    if (!problem_.empty()) return fail(ErrorKind::unavailable, problem_);
    NewRecords found = std::exchange(next_, {});
    next_.topic_id = found.topic_id;
    return found;
  }
  void come(NewRecords records) {
    const std::lock_guard lock(mutex_);
    next_ = std::move(records);
  }
  void break_with(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }

  std::mutex mutex_;
  NewRecords next_;
  std::string problem_;
  int begun_ = 0;
  RecordFeed feed_{[this](bool restart) { return read(restart); }, base::system_clock()};
};

TEST_F(RecordFeedTest, APageHearsWhatItWantsAndHowMuchMoreThereWas) {
  NewRecords early;
  for (int at = 0; at < 60; ++at) early.records.push_back(record(at, "early"));
  come(std::move(early));
  Page all;
  ASSERT_TRUE(feed_.add(all.events, {}));
  ASSERT_TRUE(all.hears(R"("offset":59)"));
  EXPECT_THAT(all.heard(), AllOf(HasSubstr(R"("not_shown":10)"), HasSubstr(R"("offset":10,)"),
                                 Not(HasSubstr(R"("offset":9,)"))));

  Page odd;
  ASSERT_TRUE(feed_.add(odd.events, {.partition = 1, .text = {}, .rejected = false}));
  ASSERT_TRUE(odd.hears(R"("offset":59)")) << "what was read lately is there for it";
  EXPECT_THAT(odd.heard(), Not(HasSubstr(R"("offset":58,)")));

  come({.records = {record(60, "late"), record(61, "late")}, .passed = 5});
  ASSERT_TRUE(all.hears(R"("offset":61)"));
  EXPECT_THAT(all.heard(), AllOf(HasSubstr(R"("offset":60)"), HasSubstr(R"("not_shown":5)")));
}

TEST_F(RecordFeedTest, ALogThatCannotBeReadIsToldOnceAndReadAgain) {
  break_with("the broker is away");
  Page page;
  ASSERT_TRUE(feed_.add(page.events, {}));
  ASSERT_TRUE(page.hears("event: problem"));
  EXPECT_THAT(page.heard(), HasSubstr("the broker is away"));
  come({.records = {record(1, "again")}, .passed = 0});
  break_with("");
  ASSERT_TRUE(page.hears(R"("offset":1,)"));
  const std::string& heard = page.heard();
  EXPECT_EQ(heard.find("event: problem"), heard.rfind("event: problem"));
}

TEST(PositionText, IsReadAsItWasWritten) {
  const Position position{.topic_id = "a-b", .next = {{0, 120}, {1, 98}}};
  EXPECT_EQ(text_of(position), "a-b.0-120.1-98");
  EXPECT_EQ(parse_position("a-b.0-120.1-98"), position);
  EXPECT_EQ(parse_position("a-b"), (Position{.topic_id = "a-b", .next = {}}));
  for (const char* bad :
       {"", "a.", "a.0", "a.0-", "a.-1", "a.x-1", "a.0-1x", "a.0--1", "a.0-1.0-2", "a..0-1"})
    EXPECT_EQ(parse_position(bad), std::nullopt) << bad;
  EXPECT_EQ(parse_position(std::string(100'000, 'a')), std::nullopt);
  Position large{.topic_id = "a", .next = {}};
  for (log::Partition at = 0; at < 10'000; ++at) large.next.emplace(at, 1);
  EXPECT_EQ(text_of(large), "") << "no header has room for it";
}

TEST_F(RecordFeedTest, APageThatLostItsStreamHearsWhatIsNewAndHowMuchItMissed) {
  NewRecords early{.records = {}, .passed = 0, .ranges = {{0, 100, 106}, {1, 0, 2}}, .topic_id = "t"};
  for (const log::Offset at : {100, 102, 104}) early.records.push_back(record(at, "even"));
  early.records.push_back(record(1, "odd"));
  come(early);
  Page knows_some;
  ASSERT_TRUE(feed_.add(knows_some.events, {}, parse_position("t.0-102.1-2")));
  ASSERT_TRUE(knows_some.hears(R"("offset":104)"));
  EXPECT_THAT(knows_some.heard(), AllOf(HasSubstr("id: t.0-106.1-2\n"), HasSubstr(R"("offset":102)"),
                                        HasSubstr(R"("not_shown":0)"), Not(HasSubstr(R"("offset":100)")),
                                        Not(HasSubstr(R"("offset":1,)"))));

  Page missed_some;
  ASSERT_TRUE(feed_.add(missed_some.events, {}, parse_position("t.0-90.1-2")));
  ASSERT_TRUE(missed_some.hears(R"("not_shown":10)")) << "from 90 to 100";

  Page missed_all;
  ASSERT_TRUE(feed_.add(missed_all.events, {.partition = 1, .text = {}, .rejected = false},
                        parse_position("t.0-90.1-2")));
  ASSERT_TRUE(missed_all.hears("event: position\nid: t.0-106.1-2\n")) << "nothing of its partition";
  EXPECT_THAT(missed_all.heard(), Not(HasSubstr("event: records")));

  Page of_another;
  ASSERT_TRUE(feed_.add(of_another.events, {}, parse_position("other.0-106.1-2")));
  ASSERT_TRUE(of_another.hears(R"("offset":104)"));
  EXPECT_THAT(of_another.heard(), HasSubstr(R"("offset":100)"));
}

TEST_F(RecordFeedTest, WhatIsNotKeptAnyMoreIsCountedForAPageThatComesBack) {
  constexpr log::Offset kMany = 1'200;
  NewRecords many{.records = {}, .passed = 0, .ranges = {{0, 0, kMany}}, .topic_id = "t"};
  for (log::Offset at = 0; at < kMany; at += 2) many.records.push_back(record(at, "even"));
  come(std::move(many));
  Page page;
  ASSERT_TRUE(feed_.add(page.events, {}, parse_position("t.0-100")));
  ASSERT_TRUE(page.hears(R"("offset":1198)"));
  // 600 records of which 500 are kept: from offset 200 on.
  EXPECT_THAT(page.heard(), AllOf(HasSubstr(R"("offset":200,)"), Not(HasSubstr(R"("offset":198,)")),
                                  HasSubstr(R"("not_shown":99)")));
}

TEST_F(RecordFeedTest, WhatAPageMissedIsNotMoreThanMayWaitForIt) {
  NewRecords large{.records = {}, .passed = 0, .ranges = {{0, 0, 800}}, .topic_id = "t"};
  for (log::Offset at = 0; at < 800; at += 2) large.records.push_back(record(at, std::string(2'048, 'x')));
  come(std::move(large));
  Page page;
  ASSERT_TRUE(feed_.add(page.events, {}, parse_position("t.0-0")));
  ASSERT_TRUE(page.hears(R"("offset":798)"));
  EXPECT_TRUE(page.events->is_open());
  EXPECT_LT(page.heard().size(), http::EventStream::kWaitingBytesMax);
}

TEST_F(RecordFeedTest, WhereTheTopicEndsIsToldToAPageThatWantsNothingOfIt) {
  come({.records = {record(0, "a")}, .passed = 0, .ranges = {{0, 0, 1}}, .topic_id = "t"});
  Page page;
  ASSERT_TRUE(feed_.add(page.events, {.partition = {}, .text = "none", .rejected = false}));
  ASSERT_TRUE(page.hears("event: position\nid: t.0-1\ndata: {}\n\n"));
  come({.records = {record(2, "b")}, .passed = 0, .ranges = {{0, 1, 3}}, .topic_id = "t"});
  ASSERT_TRUE(page.hears("event: position\nid: t.0-3\ndata: {}\n\n"));
  EXPECT_THAT(page.heard(), Not(HasSubstr("event: records")));
}

TEST_F(RecordFeedTest, BytesThatAreNoTextAreShownAsMarks) {
  come({.records = {record(1, "\xff\x01")}, .passed = 0});
  Page page;
  ASSERT_TRUE(feed_.add(page.events, {}));
  EXPECT_TRUE(page.hears("\xef\xbf\xbd\\u0001"));
}

}  // namespace
}  // namespace sdp::serve
