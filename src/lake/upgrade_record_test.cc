#include "lake/upgrade_record.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

UpgradeRecord record() {
  const auto id = *base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d");
  return {{.version = 2, .compression = Compression::zstd, .topic = "plays"}, {{{id, 0}, 10}, {{id, 3}, 52}}};
}

TEST(UpgradeRecord, ComesBackAsItWas) {
  const auto again = upgrade_record_from_json(to_json(record()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, record());
}

TEST(UpgradeRecord, TellsTheObjectsOfLayout1ByWhereTheyStart) {
  const ChainId chain = record().ends.rbegin()->first;
  EXPECT_EQ(record().layout_of(chain, 0), 1);
  EXPECT_EQ(record().layout_of(chain, 51), 1);
  EXPECT_EQ(record().layout_of(chain, 52), 2);
  EXPECT_EQ(record().layout_of({chain.topic_id, 7}, 0), 2);
}

TEST(UpgradeRecord, EveryMemberIsNeeded) {
  const std::string text = to_json(record());
  for (const std::string_view member :
       {"version", "from", "layout", "chains", "topic_id", "partition", "end"}) {
    std::string other = text;
    other.insert(other.find(member), "no-");
    EXPECT_FALSE(upgrade_record_from_json(other)) << other;
  }
  for (const std::string_view other : {"", "[]", "{}", "null"}) EXPECT_FALSE(upgrade_record_from_json(other));
}

TEST(UpgradeRecord, RefusesAChainThatStandsTwiceAndAnEndThatIsNone) {
  std::string twice = to_json(record());
  twice.replace(twice.find("\"partition\":3"), 13, "\"partition\":0");
  EXPECT_FALSE(upgrade_record_from_json(twice));
  std::string nothing = to_json(record());
  nothing.replace(nothing.find("\"end\":52"), 8, "\"end\":0");
  EXPECT_FALSE(upgrade_record_from_json(nothing));
}

}  // namespace
}  // namespace sdp::lake
