#include "http/event_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace sdp::http {
namespace {

TEST(EventStream, HasWhatWasSentUntilItIsTaken) {
  EventStream stream;
  EXPECT_TRUE(stream.send("one"));
  EXPECT_TRUE(stream.send("two"));
  EXPECT_EQ(stream.take(), "onetwo");
  EXPECT_EQ(stream.take(), "");
}

TEST(EventStream, WakesWhoTakesForEachEventAndForTheEnd) {
  EventStream stream;
  int woken = 0;
  stream.attach([&] { ++woken; });
  stream.send("one");
  stream.close();
  EXPECT_EQ(woken, 2);
  stream.attach({});
  stream.close();
  EXPECT_EQ(woken, 2);
}

TEST(EventStream, NothingIsSentToWhoIsGone) {
  EventStream stream;
  stream.close();
  EXPECT_FALSE(stream.send("one"));
  EXPECT_EQ(stream.take(), "");
}

TEST(EventStream, WhoTakesTooLittleIsCutOff) {
  EventStream stream;
  EXPECT_TRUE(stream.send(std::string(EventStream::kWaitingBytesMax, 'x')));
  EXPECT_TRUE(stream.is_open());
  EXPECT_FALSE(stream.send("y"));
  EXPECT_FALSE(stream.is_open());
  EXPECT_EQ(stream.take().size(), EventStream::kWaitingBytesMax);
}

TEST(EventText, HasNameIdAndData) {
  EXPECT_EQ(event_text("status", "7", R"({"a":1})"), "event: status\nid: 7\ndata: {\"a\":1}\n\n");
}

}  // namespace
}  // namespace sdp::http
