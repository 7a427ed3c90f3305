#include "lake/object_meta.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

ObjectMeta example() {
  return {.topic = "spotify-events",
          .chain = {*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"), 3},
          .range = {42, 52},
          .records = 9,
          .rejected = 1,
          .first_timestamp = UtcMillis(std::chrono::milliseconds(1771177956123)),
          .last_timestamp = UtcMillis(std::chrono::milliseconds(1771177957000)),
          .sha256 = std::string(64, 'a'),
          .writer = "spotify-pipeline/0.1.0"};
}

using Metadata = std::map<std::string, std::string>;

Metadata with(const std::string& name, const std::string& value) {
  Metadata metadata = to_metadata(example());
  EXPECT_TRUE(metadata.contains(name)) << name;
  metadata[name] = value;
  return metadata;
}

TEST(ObjectMeta, EntriesAreNamedAsTheirPageSays) {
  EXPECT_EQ(to_metadata(example()), (Metadata{{"topic-name", "spotify-events"},
                                              {"topic-id", "1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"},
                                              {"partition", "3"},
                                              {"first-offset", "42"},
                                              {"last-offset", "51"},
                                              {"records", "9"},
                                              {"rejected", "1"},
                                              {"first-timestamp-ms", "1771177956123"},
                                              {"last-timestamp-ms", "1771177957000"},
                                              {"sha256", std::string(64, 'a')},
                                              {"writer", "spotify-pipeline/0.1.0"}}));
}

TEST(ObjectMeta, ReadsWhatItWrites) {
  EXPECT_EQ(meta_from(to_metadata(example())).value(), example());
}

TEST(ObjectMeta, LeavesOtherEntriesAlone) {
  Metadata metadata = to_metadata(example());
  metadata["from-a-later-version"] = "x";
  EXPECT_EQ(meta_from(metadata).value(), example());
}

TEST(ObjectMeta, NamesTheMissingEntry) {
  for (const auto& [name, value] : to_metadata(example())) {
    Metadata metadata = to_metadata(example());
    metadata.erase(name);
    const auto meta = meta_from(metadata);
    ASSERT_FALSE(meta) << name;
    EXPECT_EQ(meta.error().kind, ErrorKind::bad_input);
    EXPECT_TRUE(meta.error().message.contains(name)) << meta.error().message;
  }
}

TEST(ObjectMeta, NamesTheBadEntry) {
  const std::string max = "9223372036854775807";
  for (const auto& [name, values] : std::map<std::string, std::vector<std::string>>{
           {"topic-name", {"a b", "..", "caf\xC3\xA9", std::string(250, 'a')}},
           {"topic-id", {"1a2b3c4d", "1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7g"}},
           {"partition", {"-1", "x", "3 ", " 3", "99999999999", "3.0", "+3"}},
           {"first-offset", {"-1", "52", max, "x"}},
           {"last-offset", {"41", max, "9223372036854775808", "-1", "x"}},
           {"records", {"0", "-1", "11", "x"}},
           {"rejected", {"10", "-1", "x"}},
           {"first-timestamp-ms", {"x", "1.5"}},
           {"last-timestamp-ms", {"x"}},
           {"sha256", {"aa", std::string(64, 'A'), std::string(64, 'g'), std::string(65, 'a')}}}) {
    for (const std::string& value : values) {
      const auto meta = meta_from(with(name, value));
      ASSERT_FALSE(meta) << name << " " << value;
      EXPECT_EQ(meta.error().kind, ErrorKind::bad_input);
    }
  }
}

TEST(ObjectMeta, EntriesOfLayout2ComeBackAndAreChecked) {
  ObjectMeta meta = example();
  meta.last_line_sha256 = std::string(64, 'b');
  meta.rejected = 1;
  meta.rejected_range = OffsetRange{meta.range.first, meta.range.first + 1};
  meta.leader_epoch = 7;
  const auto metadata = to_metadata(meta);
  EXPECT_EQ(meta_from(metadata).value(), meta);
  for (const auto& [name, value] : std::map<std::string, std::string>{{"last-line-sha256", "aa"},
                                                                      {"first-rejected", "-1"},
                                                                      {"last-rejected", "99"},
                                                                      {"leader-epoch", "-1"}}) {
    auto bad = metadata;
    bad[name] = value;
    EXPECT_FALSE(meta_from(bad)) << name;
  }
  auto half = metadata;
  half.erase("last-rejected");
  EXPECT_FALSE(meta_from(half));
}

TEST(ObjectMeta, TakesTimesThatGoBackAndRangesWithHoles) {
  ObjectMeta meta = example();
  meta.last_timestamp = UtcMillis(std::chrono::milliseconds(-1));
  meta.records = 1;
  meta.rejected = 1;
  EXPECT_EQ(meta_from(to_metadata(meta)).value(), meta);
}

TEST(ObjectMeta, OfTheSameObjectAgreeInPlaceAndBytes) {
  ObjectMeta other = example();
  other.writer = "spotify-pipeline/0.2.0";
  other.leader_epoch = 7;
  EXPECT_TRUE(is_same_object(example(), other));
  other.chain.partition = 4;
  EXPECT_FALSE(is_same_object(example(), other));
  other = example();
  other.range.end = 53;
  EXPECT_FALSE(is_same_object(example(), other));
  other = example();
  other.sha256 = std::string(64, 'b');
  EXPECT_FALSE(is_same_object(example(), other));
}

}  // namespace
}  // namespace sdp::lake
