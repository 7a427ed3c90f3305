#include "lake/override.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "lake/object_key.h"

namespace sdp::lake {
namespace {

constexpr std::string_view kKey =
    "bronze/date=2026-02-15/hour=17/"
    "spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o00000000000000000042.json.zst";

Override override_of(log::Offset first, log::Offset end, log::Offset next) {
  const auto id = *base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d");
  ObjectKey key = *parse_key(kKey);
  key.first = first;
  return {.object_key = format_key(key),
          .chain = {id, 3},
          .range = {first, end},
          .next = next,
          .bytes = 99,
          .reason = "copied without its metadata",
          .created_at = UtcMillis(std::chrono::milliseconds(1'771'177'956'123)),
          .writer = "spotify-pipeline/0.1.0"};
}

TEST(Override, ComesBackAsItWas) {
  const Override override = override_of(42, 52, 52);
  const auto again = override_from_json(to_json(override));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, override);
}

TEST(Override, ItsNameAndItsObjectsNameEachOther) {
  const std::string key = override_key(kKey);
  EXPECT_EQ(key,
            "_pipeline/overrides/date=2026-02-15/hour=17/spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o"
            "00000000000000000042.json.zst.json");
  EXPECT_EQ(overridden_object(key), kKey);
  const std::string untimed =
      std::string(kUntimedPrefix) + "spotify_events_untimed_t1a2b3c4d_p3_o00000000000000000042.json";
  EXPECT_EQ(overridden_object(override_key(untimed)), untimed);
  for (const std::string_view other :
       std::initializer_list<std::string_view>{"_pipeline/overrides/", "_pipeline/overrides/.json",
                                               "_pipeline/overrides/x.json", "_pipeline/x.json", kKey}) {
    EXPECT_FALSE(overridden_object(other)) << other;
  }
}

TEST(Override, EveryMemberIsNeeded) {
  const std::string text = to_json(override_of(42, 52, 52));
  for (const std::string_view member :
       {"version", "action", "object", "topic_id", "partition", "first_offset", "last_offset", "next_offset",
        "bytes", "reason", "created_at", "writer"}) {
    std::string other = text;
    other.insert(other.find(member), "no-");
    EXPECT_FALSE(override_from_json(other)) << other;
  }
  for (const std::string_view other : {"", "[]", "{}", "null"}) EXPECT_FALSE(override_from_json(other));
}

TEST(Override, WhatContradictsItselfIsRefused) {
  const auto refused = [](const Override& override) { return !override_from_json(to_json(override)); };
  EXPECT_TRUE(refused(override_of(42, 42, 42))) << "an empty range";
  EXPECT_TRUE(refused(override_of(42, 52, 53))) << "goes on behind its range";
  EXPECT_TRUE(refused(override_of(42, 52, 41))) << "goes on before its range";
  Override other = override_of(42, 52, 52);
  other.range.first = 43;
  EXPECT_TRUE(refused(other)) << "another offset than the object's name has";
  other = override_of(42, 52, 52);
  other.chain.partition = 4;
  EXPECT_TRUE(refused(other));
  other = override_of(42, 52, 52);
  other.chain.topic_id = *base::parse_uuid("2a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d");
  EXPECT_TRUE(refused(other));
  other = override_of(42, 52, 52);
  other.reason = "";
  EXPECT_TRUE(refused(other));
}

TEST(Overrides, OnlyAPlaceThatIsKeptLeavesAGap) {
  Overrides overrides;
  overrides.add(override_of(10, 20, 20));
  overrides.add(override_of(25, 60, 25));
  ASSERT_EQ(overrides.gaps().size(), 1U);
  EXPECT_EQ(overrides.gaps().front().range, (OffsetRange{10, 20}));
}

TEST(Overrides, WhatCannotBeReadIsIgnoredAndLeavesNoGap) {
  Overrides overrides;
  EXPECT_TRUE(overrides.empty());
  overrides.add_unreadable(std::string(kKey), {ErrorKind::bad_input, "damaged"});
  EXPECT_FALSE(overrides.empty());
  EXPECT_TRUE(overrides.ignores(kKey));
  EXPECT_EQ(overrides.find(kKey), nullptr);
  EXPECT_TRUE(overrides.gaps().empty());
}

}  // namespace
}  // namespace sdp::lake
