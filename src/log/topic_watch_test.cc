#include "log/topic_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::log {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TopicWatch, AnAnswerSpeaksForWhatWasDeliveredBeforeItWasAskedFor) {
  TopicWatch watch;
  EXPECT_TRUE(watch.is_sure(0, watch.now())) << "nothing was delivered";
  watch.received(0, 7);
  const auto first = watch.now();
  EXPECT_FALSE(watch.is_sure(0, first));
  EXPECT_THAT(watch.to_be_asked(), ElementsAre(7));
  watch.asked(7);
  EXPECT_THAT(watch.to_be_asked(), IsEmpty()) << "once at a time";
  watch.received(0, 7);
  const auto second = watch.now();
  EXPECT_FALSE(watch.is_sure(0, first));
  watch.answered(7, true);
  EXPECT_TRUE(watch.is_sure(0, first));
  EXPECT_FALSE(watch.is_sure(0, second)) << "it came after the question";
  EXPECT_THAT(watch.to_be_asked(), ElementsAre(7));
  watch.asked(7);
  watch.answered(7, true);
  EXPECT_TRUE(watch.is_sure(0, watch.now()));
  EXPECT_THAT(watch.to_be_asked(), IsEmpty());
}

TEST(TopicWatch, NothingIsKnownOfABrokerThatDidNotTell) {
  TopicWatch watch;
  watch.received(0, 7);
  watch.asked(7);
  watch.answered(7, false);
  EXPECT_FALSE(watch.is_sure(0, watch.now()));
  EXPECT_THAT(watch.to_be_asked(), ElementsAre(7));
}

TEST(TopicWatch, EachBrokerSpeaksForItself) {
  TopicWatch watch;
  watch.received(0, 7);
  watch.received(1, 8);
  watch.received(0, 8);
  watch.asked(8);
  watch.answered(8, true);
  EXPECT_TRUE(watch.is_sure(1, watch.now()));
  EXPECT_FALSE(watch.is_sure(0, watch.now())) << "7 gave some of it";
  EXPECT_THAT(watch.to_be_asked(), ElementsAre(7));
  watch.asked(7);
  watch.answered(7, true);
  EXPECT_TRUE(watch.is_sure(0, watch.now()));
}

TEST(TopicWatch, WhatIsReadAgainIsAskedAgainOfWhoeverGivesIt) {
  TopicWatch watch;
  watch.received(0, 7);
  watch.forget(0);
  EXPECT_THAT(watch.to_be_asked(), IsEmpty());
  watch.received(0, 8);
  watch.asked(8);
  watch.answered(8, true);
  EXPECT_TRUE(watch.is_sure(0, watch.now()));
  watch.forget(0);
  watch.received(0, 8);
  EXPECT_FALSE(watch.is_sure(0, watch.now()));
}

TEST(TopicWatch, WhatIsLearntByOtherWaysIsAskedForToo) {
  TopicWatch watch;
  watch.received(0, 7);
  watch.asked(7);
  watch.answered(7, true);
  ASSERT_TRUE(watch.is_sure(0, watch.now()));
  watch.learnt(0);
  EXPECT_FALSE(watch.is_sure(0, watch.now()));
  EXPECT_THAT(watch.to_be_asked(), ElementsAre(7));
}

}  // namespace
}  // namespace sdp::log
