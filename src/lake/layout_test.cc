#include "lake/layout.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

constexpr std::string_view kExample =
    R"({"version":2,"format":"json-lines","compression":"none","partitioner":"broker-hour","topic":"spotify-events"})"
    "\n";

TEST(Layout, IsWrittenToTheLetter) {
  EXPECT_EQ(to_json(LakeLayout()), kExample);
}

TEST(Layout, ReadsWhatItWrites) {
  const LakeLayout layout{.version = 3,
                          .format = "parquet",
                          .compression = Compression::zstd,
                          .partitioner = "event-hour",
                          .topic = "with \"quotes\""};
  EXPECT_EQ(layout_from_json(to_json(layout)).value(), layout);
}

TEST(Layout, ASettingThatIsNoUtf8DoesNoHarm) {
  EXPECT_TRUE(layout_from_json(to_json(LakeLayout{.topic = "\xff"})));
}

TEST(Layout, RefusesOtherForms) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", "{\"version\":1",
        R"({"version":1,"format":"json-lines","compression":"none","topic":"t"})",
        R"({"version":"1","format":"f","compression":"none","partitioner":"p","topic":"t"})",
        R"({"version":4294967297,"format":"f","compression":"none","partitioner":"p","topic":"t"})",
        R"({"version":-1,"format":"f","compression":"none","partitioner":"p","topic":"t"})",
        R"({"version":1,"format":"f","compression":"brotli","partitioner":"p","topic":"t"})",
        R"({"version":1,"format":"f","compression":"none","partitioner":"p","topic":7})"}) {
    const auto layout = layout_from_json(text);
    ASSERT_FALSE(layout) << text;
    EXPECT_EQ(layout.error().kind, ErrorKind::bad_input);
  }
}

TEST(Layout, TheSameSettingsAgree) {
  EXPECT_TRUE(check_same(LakeLayout(), LakeLayout()));
}

TEST(Layout, EachDifferenceIsNamedWithBothValues) {
  const LakeLayout wanted{.version = 3,
                          .format = "parquet",
                          .compression = Compression::zstd,
                          .partitioner = "event-hour",
                          .topic = "other"};
  const auto same = check_same(LakeLayout(), wanted);
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().kind, ErrorKind::misconfigured);
  for (const std::string_view part :
       {"version is 2 in the lake but 3 here", "format is json-lines in the lake but parquet here",
        "compression is none in the lake but zstd here",
        "partitioner is broker-hour in the lake but event-hour here",
        "topic is spotify-events in the lake but other here"}) {
    EXPECT_TRUE(same.error().message.contains(part)) << same.error().message;
  }
  const auto one = check_same(LakeLayout(), LakeLayout{.topic = "other"});
  ASSERT_FALSE(one);
  EXPECT_FALSE(one.error().message.contains("compression")) << one.error().message;
}

}  // namespace
}  // namespace sdp::lake
