#include "repair/object_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "lake/compression.h"
#include "lake/line.h"
#include "support/lake_builder.h"

namespace sdp::repair {
namespace {

using ::testing::HasSubstr;

class ObjectPartTest : public testing::TestWithParam<lake::Compression> {
 protected:
  Result<ObjectPart> part(const support::BuiltObject& object, log::Offset first, log::Offset end) {
    return part_of(*lake::parse_key(object.key), object.meta, object.body, {first, end}, "test");
  }
  const support::LakeBuilder builder_;
};

TEST_P(ObjectPartTest, APartIsTheObjectThatASinkWouldHavePut) {
  // Every tenth record is a rejected line.
  for (const auto& [first, end] : {std::pair{13, 31}, std::pair{11, 40}, std::pair{39, 40}}) {
    const auto found = part(builder_.build(0, 10, 40, GetParam()), first, end);
    ASSERT_TRUE(found) << found.error().message;
    const support::BuiltObject wanted = builder_.build(0, first, end, GetParam());
    EXPECT_EQ(found->key, wanted.key);
    EXPECT_EQ(found->body, wanted.body);
    lake::ObjectMeta meta = wanted.meta;
    meta.writer = "test";
    // What the builder leaves out.
    std::string lines = lake::decompress(GetParam(), wanted.body, lake::kObjectBytesMax).value();
    lines.pop_back();
    meta.last_line_sha256 = base::sha256_hex(lines.substr(lines.rfind('\n') + 1));
    EXPECT_EQ(found->meta.rejected_range.has_value(), meta.rejected > 0);
    meta.rejected_range = found->meta.rejected_range;
    EXPECT_EQ(found->meta, meta);
  }
}

INSTANTIATE_TEST_SUITE_P(Compressions, ObjectPartTest,
                         testing::Values(lake::Compression::none, lake::Compression::gzip,
                                         lake::Compression::zstd));

TEST_F(ObjectPartTest, OffsetsThatTheObjectHasNotAndItsFirstOneAreRefused) {
  const support::BuiltObject object = builder_.build(0, 10, 40);
  for (const auto& [first, end] :
       {std::pair{10, 40}, std::pair{5, 20}, std::pair{20, 41}, std::pair{20, 20}}) {
    const auto refused = part(object, first, end);
    ASSERT_FALSE(refused) << first;
    EXPECT_EQ(refused.error().kind, ErrorKind::misconfigured);
    EXPECT_THAT(refused.error().message, HasSubstr("of an object with [10, 40)"));
  }
}

TEST_F(ObjectPartTest, ADamagedObjectIsRefused) {
  support::BuiltObject object = builder_.build(0, 10, 40);
  object.body.back() = ' ';
  const auto refused = part(object, 20, 30);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no line of it is sure"));
}

TEST_F(ObjectPartTest, ABatchThatCouldNotBeReadIsTakenWholeOrNotAtAll) {
  support::BuiltObject object = builder_.build(0, 10, 12);
  std::string lines = object.body;
  lake::LineEncoder::append(lines, log::UnreadableBatch{.partition = 0, .first = 12, .end = 20});
  support::set_body(object, lines);
  object.meta.range.end = 20;
  EXPECT_FALSE(part(object, 13, 20));
  EXPECT_FALSE(part(object, 11, 19));
  const auto whole = part(object, 12, 20);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->meta.records, 1);
  EXPECT_EQ(whole->meta.rejected_range, (lake::OffsetRange{12, 20}));
}

TEST_F(ObjectPartTest, OnlyTheLastRecordTellsItsLeadersEpoch) {
  support::BuiltObject object = builder_.build(0, 10, 40);
  object.meta.leader_epoch = 7;
  EXPECT_EQ(part(object, 20, 40)->meta.leader_epoch, 7);
  EXPECT_EQ(part(object, 20, 39)->meta.leader_epoch, std::nullopt);
}

}  // namespace
}  // namespace sdp::repair
