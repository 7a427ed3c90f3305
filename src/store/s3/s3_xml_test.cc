#include "store/s3/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace sdp::store::s3 {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kPage =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult "
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>spotify</Name><EncodingType>url</EncodingType>"
    "<IsTruncated>true</IsTruncated><NextContinuationToken>to&amp;ken</NextContinuationToken>"
    "<Contents><Key>date%3D1/a+b</Key><Size>3</Size></Contents>"
    "<Contents><Key>z</Key><Size>18446744073709551615</Size></Contents>"
    "<CommonPrefixes><Prefix>date%3D2/</Prefix></CommonPrefixes></ListBucketResult>";

TEST(S3Xml, ReadsAListPage) {
  const auto page = parse_list_page(kPage);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(page->objects, ElementsAre(ListedObject{"date=1/a b", 3}, ListedObject{"z", UINT64_MAX}));
  EXPECT_THAT(page->folders, ElementsAre("date=2/"));
  EXPECT_TRUE(page->is_truncated);
  EXPECT_EQ(page->next_token, "to&ken");
}

TEST(S3Xml, KeysOfServersThatDoNotEncodeStayAsTheyAre) {
  const auto page = parse_list_page(
      "<ListBucketResult><Contents><Key>a+b%20</Key><Size>1</Size></Contents></ListBucketResult>");
  EXPECT_EQ(page->objects.at(0).key, "a+b%20");
}

TEST(S3Xml, EveryCutOfAPageIsTemporary) {
  for (std::size_t length = 0; length < kPage.size(); ++length) {
    const auto page = parse_list_page(kPage.substr(0, length));
    ASSERT_FALSE(page) << length;
    EXPECT_EQ(page.error().kind, ErrorKind::retry);
  }
}

TEST(S3Xml, PagesWithoutSizeKeyOrTokenAreNotBelieved) {
  for (const auto* inner :
       {"<Contents><Key>a</Key></Contents>", "<Contents><Size>1</Size></Contents>",
        "<Contents><Key>a</Key><Size>-1</Size></Contents>",
        "<Contents><Key>a</Key><Size>1x</Size></Contents>",
        "<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents>", "<CommonPrefixes/>",
        "<IsTruncated>true</IsTruncated>",
        "<EncodingType>url</EncodingType><Contents><Key>%</Key><Size>1</Size></Contents>"}) {
    EXPECT_FALSE(parse_list_page("<ListBucketResult>" + std::string(inner) + "</ListBucketResult>")) << inner;
  }
}

TEST(S3Xml, ReadsAComplaintAndNothingElse) {
  const auto complaint = parse_complaint(
      "<Error><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message><Region>eu-west-1</Region></Error>");
  EXPECT_EQ(complaint, (S3Complaint{"AccessDenied", "no <way>", "eu-west-1"}));
  EXPECT_FALSE(parse_complaint(""));
  EXPECT_FALSE(parse_complaint("{\"error\": 1}"));
  EXPECT_FALSE(parse_complaint(kPage));
  EXPECT_FALSE(parse_complaint("<Error><Code>Cut"));
}

TEST(S3Xml, HostileComplaintsFitOneLine) {
  const auto complaint =
      parse_complaint("<Error><Code>" + std::string(5000, 'c') + "</Code><Message>a\n\x1b[31m" +
                      std::string(5000, 'm') + "</Message></Error>");
  EXPECT_EQ(complaint->code.size(), 64);
  EXPECT_EQ(complaint->message.size(), 200);
  EXPECT_EQ(complaint->message.substr(0, 7), "a??[31m");
}

TEST(S3Xml, EntitiesAreNotExpanded) {
  const auto complaint = parse_complaint(
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM "
      "\"file:///etc/passwd\">]>"
      "<Error><Code>&b;</Code><Message>&f;</Message></Error>");
  ASSERT_TRUE(complaint);
  EXPECT_EQ(complaint->code, "&b;");
  EXPECT_EQ(complaint->message, "&f;");
}

TEST(S3Xml, DeepNestingIsHarmless) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_list_page(deep));
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  EXPECT_FALSE(parse_list_page(deep));
}

TEST(S3Xml, DamagedPagesNeverBreakTheParser) {
  Rng rng(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged(kPage);
    for (std::uint64_t n = 1 + rng.below(8); n > 0; --n)
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.next());
    (void)parse_list_page(damaged);
    (void)parse_complaint(damaged);
  }
}

TEST(S3Xml, UsEast1IsNotNamedWhenABucketIsCreated) {
  EXPECT_EQ(format_create_bucket("us-east-1"), "");
  EXPECT_NE(format_create_bucket("eu-west-1").find("<LocationConstraint>eu-west-1<"), std::string::npos);
}

}  // namespace
}  // namespace sdp::store::s3
