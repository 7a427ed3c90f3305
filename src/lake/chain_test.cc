#include "lake/chain.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "lake/places.h"

namespace sdp::lake {
namespace {

const ChainId kChain{*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"), 3};

Link link(log::Offset first, log::Offset end, std::string_view tag = "") {
  return {fmt::format("o{}{}", first, tag), {first, end}};
}

Gap gap(log::Offset first, log::Offset end) {
  return {"spotify-events", kChain, {first, end}};
}

ChainCheck check(log::Offset end, const std::vector<Link>& links, const std::vector<Gap>& gaps = {}) {
  return check_chain(kChain, end, links, gaps);
}

/// Expects one problem whose message has all `parts`.
void expect_problem(const ChainCheck& checked, const std::vector<std::string_view>& parts) {
  ASSERT_EQ(checked.problems.size(), 1U);
  EXPECT_EQ(checked.problems[0].kind, ErrorKind::data_gap);
  for (const auto part : parts) {
    EXPECT_TRUE(checked.problems[0].message.contains(part))
        << checked.problems[0].message << " lacks " << part;
  }
}

TEST(Chain, LinksInAnyOrderContinueIt) {
  const auto checked = check(10, {link(30, 35), link(10, 20), link(20, 30)});
  EXPECT_TRUE(checked.problems.empty());
  EXPECT_EQ(checked.in_order, (std::vector{link(10, 20), link(20, 30), link(30, 35)}));
  EXPECT_EQ(checked.end, 35);
}

TEST(Chain, WithoutLinksStaysWhereItIs) {
  const auto checked = check(10, {});
  EXPECT_TRUE(checked.problems.empty());
  EXPECT_EQ(checked.end, 10);
}

TEST(Chain, GapsThatFollowEachOtherAreSteppedOver) {
  const std::vector<Gap> gaps{gap(20, 25), gap(0, 10), gap(10, 20), gap(30, 40)};
  EXPECT_EQ(after_gaps(kChain, 0, gaps), 25);
  EXPECT_EQ(after_gaps(kChain, 12, gaps), 25);
  EXPECT_EQ(after_gaps(kChain, 25, gaps), 25);
  EXPECT_EQ(after_gaps({kChain.topic_id, 4}, 0, gaps), 0);
}

TEST(Chain, StopsAtAHoleAndNamesIt) {
  const auto checked = check(10, {link(10, 20), link(25, 30)});
  expect_problem(checked, {"p3 of topic id 1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d", "[20, 25)", "o25"});
  EXPECT_EQ(checked.in_order, (std::vector{link(10, 20)}));
  EXPECT_EQ(checked.end, 20);
}

TEST(Chain, NothingBehindAProblemIsInOrder) {
  const auto checked = check(0, {link(0, 5), link(7, 10), link(10, 20), link(20, 30)});
  EXPECT_EQ(checked.problems.size(), 1U);
  EXPECT_EQ(checked.in_order, (std::vector{link(0, 5)}));
  EXPECT_EQ(checked.end, 5);
}

TEST(Chain, EveryProblemIsReported) {
  const auto checked = check(0, {link(2, 5), link(4, 10), link(12, 20)});
  ASSERT_EQ(checked.problems.size(), 3U);
  EXPECT_TRUE(checked.problems[0].message.contains("[0, 2)"));
  EXPECT_TRUE(checked.problems[1].message.contains("o4"));
  EXPECT_TRUE(checked.problems[2].message.contains("[10, 12)"));
  EXPECT_TRUE(checked.in_order.empty());
  EXPECT_EQ(checked.end, 0);
}

TEST(Chain, TwoObjectsAtOneOffsetAreBothNamed) {
  const auto checked = check(0, {link(0, 5, "b"), link(0, 7, "a")});
  expect_problem(checked, {"o0a", "o0b", "up to 7"});
  EXPECT_EQ(checked.in_order, (std::vector{link(0, 7, "a")}));
}

TEST(Chain, AnOverlapNamesTheObjectThatCoversIt) {
  const auto checked = check(0, {link(0, 100), link(10, 20), link(50, 60)});
  ASSERT_EQ(checked.problems.size(), 2U);
  EXPECT_TRUE(checked.problems[1].message.contains("which o0 already covers up to 100"))
      << checked.problems[1].message;
}

TEST(Chain, AnObjectBelowItsEndIsAnOverlap) {
  expect_problem(check(10, {link(0, 10)}), {"o0", "the ledger", "up to 10"});
  expect_problem(check(10, {link(5, 15)}), {"o5", "the ledger", "up to 10"});
  EXPECT_EQ(check(10, {link(0, 10)}).end, 10);
}

TEST(Chain, AnAcknowledgedGapLetsItGoOn) {
  const auto checked = check(10, {link(20, 30)}, {gap(10, 20)});
  EXPECT_TRUE(checked.problems.empty());
  EXPECT_EQ(checked.in_order, (std::vector{link(20, 30)}));
  EXPECT_EQ(checked.end, 30);
}

TEST(Chain, AGapNeverHidesAnObject) {
  const auto inside = check(10, {link(15, 30)}, {gap(10, 20)});
  EXPECT_TRUE(inside.problems.empty());
  EXPECT_EQ(inside.end, 30);
  const auto at_its_start = check(10, {link(10, 15), link(20, 30)}, {gap(10, 20)});
  EXPECT_TRUE(at_its_start.problems.empty());
  EXPECT_EQ(at_its_start.in_order.size(), 2U);
}

TEST(Chain, GapsFollowOneAnother) {
  EXPECT_TRUE(check(10, {link(30, 31)}, {gap(20, 30), gap(10, 20)}).problems.empty());
  EXPECT_TRUE(check(10, {link(30, 31)}, {gap(5, 18), gap(12, 30)}).problems.empty());
}

TEST(Chain, WhatAGapDoesNotCoverIsAHole) {
  const auto checked = check(10, {link(25, 30)}, {gap(10, 20)});
  expect_problem(checked, {"[20, 25)"});
  EXPECT_EQ(checked.end, 20);
}

TEST(Chain, AGapBehindTheLastObjectWaitsForTheNext) {
  EXPECT_EQ(check(10, {link(10, 20)}, {gap(20, 30)}).end, 20);
}

TEST(Chain, AGapOfAnotherChainDoesNotCount) {
  Gap other_partition = gap(10, 20);
  other_partition.chain.partition = 4;
  Gap other_topic = gap(10, 20);
  other_topic.chain.topic_id = {};
  EXPECT_EQ(check(10, {link(20, 30)}, {other_partition, other_topic}).problems.size(), 1U);
}

/// Ranges that tile [from, ...): the lengths say how.
std::vector<Link> tiles(log::Offset from, const std::vector<int>& lengths) {
  std::vector<Link> links;
  for (const int length : lengths) {
    links.push_back(link(from, from + length));
    from += length;
  }
  return links;
}

RC_GTEST_PROP(ChainProperty, ATilingIsOneChainAndWithoutOneLinkItEndsThere, ()) {
  const auto lengths = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 20)));
  const std::vector<Link> links = tiles(100, lengths);
  std::vector<Link> shuffled = links;
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
  const auto whole = check(100, shuffled);
  RC_ASSERT(whole.problems.empty());
  RC_ASSERT(whole.in_order == links);
  RC_ASSERT(whole.end == links.back().range.end);

  const auto lost = *rc::gen::inRange<std::size_t>(0, links.size());
  std::erase(shuffled, links[lost]);
  const auto broken = check(100, shuffled);
  RC_ASSERT(broken.problems.size() == (lost + 1 == links.size() ? 0U : 1U));
  RC_ASSERT(broken.end == links[lost].range.first);
  RC_ASSERT(broken.in_order.size() == lost);
  // With the hole acknowledged, all that is left is in order.
  const auto acknowledged = check(100, shuffled, {gap(links[lost].range.first, links[lost].range.end)});
  RC_ASSERT(acknowledged.problems.empty());
  RC_ASSERT(acknowledged.in_order.size() == links.size() - 1);
}

constexpr std::string_view kGapText =
    R"({"version":1,"topic":"spotify-events","topic_id":"1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d","partition":3,"first_offset":10,"last_offset":19})"
    "\n";

TEST(GapRecord, IsWrittenToTheLetter) {
  EXPECT_EQ(Places(2).gap_key(kChain, 10), "_pipeline/gaps/t1a2b3c4d_p3_o00000000000000000010.json");
  EXPECT_EQ(to_json(gap(10, 20)), kGapText);
}

TEST(GapRecord, ReadsWhatItWrites) {
  EXPECT_EQ(gap_from_json(kGapText).value(), gap(10, 20));
}

TEST(GapRecord, RefusesOtherForms) {
  const auto with = [](std::string_view part, std::string_view other) {
    std::string text(kGapText);
    const auto found = text.find(part);
    EXPECT_NE(found, std::string::npos) << part;
    return text.replace(found, part.size(), other);
  };
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), with("\"version\":1", "\"version\":2"),
        with("\"version\":1,", ""), with("\"partition\":3", "\"partition\":4294967299"),
        with("\"partition\":3", "\"partition\":-3"), with("\"partition\":3", "\"partition\":3.5"),
        with("1a2b3c4d-", "1a2b3c4g-"), with(":19", ":9"), with(":19", ":9223372036854775807"),
        with(":19", ":18446744073709551615"), with(":10", ":18446744073709551615"), with(":10", ":-1"),
        with(":10", ":\"10\""), with("\"spotify-events\"", "7"), with("}", "")}) {
    const auto read = gap_from_json(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
  }
}

}  // namespace
}  // namespace sdp::lake
