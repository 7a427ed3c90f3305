#include "history/import_plan.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "base/utc_time.h"
#include "history/history_source.h"

namespace sdp::history {
namespace {

const UtcMillis kNow = *base::parse_iso("2026-01-01T00:00:00Z");

InputFile file(std::string name, std::string text, bool is_chosen = true) {
  return {.name = std::move(name),
          .is_chosen = is_chosen,
          .open = [text = std::move(text)]() -> Result<std::unique_ptr<Bytes>> {
            return std::make_unique<TextBytes>(text);
          }};
}

std::string extended_row(std::string_view ts, std::string_view track = "Levitating",
                         std::string_view rest = "") {
  return fmt::format(R"({{"ts":"{}","ms_played":1000,"conn_country":"DE","master_metadata_track_name":"{}",)"
                     R"("master_metadata_album_artist_name":"Dua Lipa"{}}})",
                     ts, track, rest);
}

std::string account_row(std::string_view end_time, std::string_view track = "Levitating") {
  return fmt::format(R"({{"endTime":"{}","artistName":"Dua Lipa","trackName":"{}","msPlayed":1000}})",
                     end_time, track);
}

std::string array(const std::vector<std::string>& rows) {
  std::string text = "[";
  for (const std::string& row : rows) text += (text.size() > 1 ? "," : "") + row;
  return text + "]";
}

ImportOptions options(std::vector<ImportedFile> imported = {}) {
  return {.format = std::nullopt,
          .user = {},
          .now = kNow,
          .target = "lake",
          .recall = [imported = std::move(imported)](const std::string&) { return imported; }};
}

std::vector<event::ListeningEvent> all_events(const ImportPlan& plan) {
  HistorySource source(plan, kNow);
  std::vector<event::ListeningEvent> events;
  event::ListeningEvent event;
  while (source.next(event)) events.push_back(event);
  EXPECT_TRUE(source.ended()) << source.ended().error().message;
  return events;
}

std::set<std::string> ids(const std::vector<event::ListeningEvent>& events) {
  std::set<std::string> ids;
  for (const event::ListeningEvent& event : events) ids.insert(base::to_string(event.event_id));
  return ids;
}

std::string failure(const std::vector<InputFile>& files, const ImportOptions& wanted = options()) {
  const auto plan = plan_import(files, wanted);
  return plan ? "planned" : std::string(base::name(plan.error().kind)) + ": " + plan.error().message;
}

void expect_sum(const Counts& counts) {
  EXPECT_EQ(counts.rows, counts.kept + counts.skipped + counts.refused + counts.covered + counts.known);
}

TEST(PlanImport, WhatCannotBeReadIsNotPassedOver) {
  const InputFile locked{
      .name = "locked.csv", .is_chosen = false, .open = []() -> Result<std::unique_ptr<Bytes>> {
        return fail(ErrorKind::unauthorized, "cannot open locked.csv");
      }};
  EXPECT_EQ(failure({file("f", array({extended_row("2023-05-04T12:00:00Z")}), false), locked}),
            "unauthorized: locked.csv: cannot open locked.csv");
}

TEST(PlanImport, LinesOfOtherTextAreNoHistory) {
  for (const std::string text : {"<html><body>Sign in</body></html>", "root:x:0:0:root:/root:/bin/sh\n",
                                 "day,amount\n2023-05-04,3.50\n"}) {
    EXPECT_TRUE(failure({file("chosen", text)}).contains("this is not a row of")) << text;
    const auto plan = plan_import(
        {file("a", array({extended_row("2023-05-04T12:00:00Z")}), false), file("b", text, false)}, options());
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->others, std::vector<std::string>{"b"});
  }
}

TEST(PlanImport, EveryRowHasOneFateAndTheSourceMakesWhatIsPlanned) {
  const auto plan = plan_import(
      {file("f", array({extended_row("2023-05-04T12:00:00Z"),
                        extended_row("2023-05-04T13:00:00Z", "God's Plan", R"(,"skipped":true)"),
                        extended_row("1970-01-01T00:00:00Z"), extended_row("1970-01-01T00:00:00Z"),
                        extended_row("2023-05-04T14:00:00Z", "", R"(,"episode_name":"e")"), "7"}))},
      options());
  ASSERT_TRUE(plan) << plan.error().message;
  const Counts& counts = plan->counts;
  EXPECT_EQ(counts.rows, 6U);
  EXPECT_EQ(counts.kept, 2U);
  EXPECT_EQ(counts.skipped, 1U);
  EXPECT_EQ(counts.refused, 3U);
  expect_sum(counts);
  const LeftOut& old = counts.left_out[std::to_underlying(Reason::before_2000)];
  EXPECT_EQ(old.rows, 2U);
  EXPECT_EQ(old.row, 3U);
  EXPECT_EQ(old.fault.member, "ts");
  EXPECT_EQ(plan->account, "me");
  EXPECT_EQ(all_events(*plan).size(), counts.events());
  EXPECT_EQ(counts.events(), 3U);
}

TEST(PlanImport, EqualRowsHaveNumbersAndAnOverlapHasTheSameIds) {
  const std::string a = extended_row("2023-05-04T12:00:00Z");
  const std::string b = extended_row("2023-05-05T12:00:00Z");
  const std::string c = extended_row("2023-05-06T12:00:00Z");
  const auto first = plan_import({file("f", array({a, a, b}))}, options());
  const auto second = plan_import({file("g", array({b, c}))}, options());
  const auto whole = plan_import({file("h", array({a, a, b, c}))}, options());
  ASSERT_TRUE(first && second && whole);
  EXPECT_EQ(ids(all_events(*first)).size(), 3U);
  auto both = ids(all_events(*first));
  both.merge(ids(all_events(*second)));
  EXPECT_EQ(both, ids(all_events(*whole)));
  EXPECT_EQ(both.size(), 4U);
}

TEST(PlanImport, AFileThatWasImportedAddsNothing) {
  const std::vector<InputFile> files{file("f", array({extended_row("2023-05-04T12:00:00Z")}))};
  const auto plan = plan_import(files, options());
  ASSERT_TRUE(plan);
  const auto again = plan_import(files, options(plan->to_remember()));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->counts.known, 1U);
  expect_sum(again->counts);
  EXPECT_TRUE(all_events(*again).empty());
  EXPECT_TRUE(again->to_remember().empty());
  // Elsewhere, and to somebody else, it is new.
  ImportOptions elsewhere = options(plan->to_remember());
  elsewhere.target = "topic";
  EXPECT_EQ(plan_import(files, elsewhere)->counts.kept, 1U);
  ImportOptions other = options(plan->to_remember());
  other.user = "ada";
  EXPECT_EQ(plan_import(files, other)->counts.kept, 1U);
  // A copy within the export, too.
  const auto copies = plan_import({files[0], files[0]}, options());
  EXPECT_EQ(copies->counts.kept, 1U);
  EXPECT_EQ(copies->counts.known, 1U);
}

TEST(PlanImport, TheExtendedHistoryCoversTheDaysThatItHas) {
  const std::string account = array({account_row("2023-05-04 12:00"), account_row("2023-05-05 12:00")});
  const std::string extended = array({extended_row("2023-05-04T12:00:00Z")});
  const auto plan = plan_import({file("a", account), file("e", extended)}, options());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->counts.covered, 1U);
  EXPECT_EQ(plan->counts.kept, 2U);
  expect_sum(plan->counts);
  EXPECT_EQ(all_events(*plan).size(), 2U);
  // The same when it was imported before; the other way round the day would count twice.
  const auto earlier = plan_import({file("e", extended)}, options());
  EXPECT_EQ(plan_import({file("a", account)}, options(earlier->to_remember()))->counts.covered, 1U);
  const auto before = plan_import({file("a", account)}, options());
  EXPECT_TRUE(failure({file("e", extended)}, options(before->to_remember()))
                  .starts_with("misconfigured: e, row 1, ts"))
      << failure({file("e", extended)}, options(before->to_remember()));
}

TEST(PlanImport, MixturesAndWhatIsNoHistoryAreRefused) {
  const auto extended = file("e", array({extended_row("2023-05-04T12:00:00Z")}));
  const auto listens = file("l", R"({"listened_at":1683203696,"track_metadata":{}})");
  EXPECT_TRUE(failure({extended, listens})
                  .starts_with("bad_input: l, row 1: this is listenbrainz, and e is spotify"));
  EXPECT_TRUE(
      failure({file("m", array({extended_row("2023-05-04T12:00:00Z"), account_row("2023-05-04 12:00")}))})
          .starts_with("bad_input: m, row 2: this is spotify account data in a file of"));
  EXPECT_TRUE(failure({file("u", array({extended_row("2023-05-04T12:00:00Z", "a", R"(,"username":"ada")"),
                                        extended_row("2023-05-04T12:00:00Z", "a", R"(,"username":"bob")")}))})
                  .starts_with("bad_input: u, row 2, account: the row is of bob, and others are of ada"));
  EXPECT_TRUE(failure({file("x", R"([{"a":1}])")}).starts_with("bad_input: x, row 1: this is not a row of"));
  EXPECT_TRUE(failure({file("x", "[]")}).starts_with("bad_input: x: the file has no rows"));
  EXPECT_EQ(failure({file("x", R"([{"a":1}])", false)}),
            "bad_input: x is not a listening history, and there is no other file");
  EXPECT_TRUE(failure({file("x", R"([{"a":1}])", false), file("y", "[]", false)})
                  .starts_with("bad_input: none of 2 files"));
  ImportOptions wanted = options();
  wanted.format = Format::lastfm;
  EXPECT_TRUE(
      failure({extended}, wanted).starts_with("bad_input: e, row 1: this is spotify, and lastfm was asked"));
  const std::string whole =
      array({extended_row("2023-05-04T12:00:00Z"), extended_row("2023-05-04T13:00:00Z")});
  EXPECT_TRUE(failure({file("t", whole.substr(0, whole.size() - 5))}).starts_with("bad_input: t, row 2: "));
  // A file of a history's name is not passed over because it is broken.
  EXPECT_TRUE(failure({extended, file("d/Streaming_History_Audio_2.json", "[{", false)})
                  .starts_with("bad_input: d/"));
  EXPECT_EQ(failure({extended, file("d/Playlist1.json", "[{", false)}), "planned");
}

TEST(PlanImport, TheAccountIsTheExportsOwnUnlessAnotherIsGiven) {
  const auto rows = file("e", array({extended_row("2023-05-04T12:00:00Z", "a", R"(,"username":"ada")")}));
  EXPECT_EQ(plan_import({rows}, options())->account, "ada");
  ImportOptions other = options();
  other.user = "bob";
  const auto plan = plan_import({rows}, other);
  EXPECT_EQ(plan->account, "bob");
  EXPECT_EQ(all_events(*plan)[0].user_id, user_id("bob"));
}

TEST(HistorySource, AFileThatChangesIsAnError) {
  auto text = std::make_shared<std::string>(array({extended_row("2023-05-04T12:00:00Z")}));
  InputFile changing{.name = "f", .is_chosen = true, .open = [text]() -> Result<std::unique_ptr<Bytes>> {
                       return std::make_unique<TextBytes>(*text);
                     }};
  const auto plan = plan_import({changing}, options());
  ASSERT_TRUE(plan);
  *text += " ";
  HistorySource source(*plan, kNow);
  event::ListeningEvent event;
  while (source.next(event)) {
  }
  ASSERT_FALSE(source.ended());
  EXPECT_NE(source.ended().error().message.find("was changed"), std::string::npos);
}

TEST(HistorySource, EachListenerOfEventsimIsSomebody) {
  const auto row = [](int user) {
    return fmt::format(R"({{"ts":1683203696123,"userId":{},"page":"NextSong","artist":"a","song":"s"}})",
                       user);
  };
  const auto plan = plan_import({file("s", row(1) + "\n" + row(2))}, options());
  ASSERT_TRUE(plan) << plan.error().message;
  const auto events = all_events(*plan);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].user_id, user_id("eventsim:1"));
  EXPECT_NE(events[0].user_id, events[1].user_id);
  EXPECT_NE(events[0].event_id, events[1].event_id);
}

}  // namespace
}  // namespace sdp::history
