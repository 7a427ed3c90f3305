#include "store/s3/s3_encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sdp::store::s3 {
namespace {

TEST(S3Encoding, KeysKeepOnlyUnreservedCharactersAndSlashes) {
  EXPECT_EQ(percent_encode("date=1/a b+c%~-_.", true), "date%3D1/a%20b%2Bc%25~-_.");
  EXPECT_EQ(percent_encode("ü", true), "%C3%BC");
}

TEST(S3Encoding, QueriesAreSortedAndEmptyValuesKeepTheirSign) {
  EXPECT_EQ(encode_query({{"prefix", "a/b="}, {"list-type", "2"}, {"uploads", ""}}),
            "list-type=2&prefix=a%2Fb%3D&uploads=");
}

TEST(S3Encoding, DecodesPlusAsBlankAndRefusesCutEscapes) {
  EXPECT_EQ(percent_decode("a+b%2Bc%20d"), "a b+c d");
  EXPECT_FALSE(percent_decode("a%2"));
  EXPECT_FALSE(percent_decode("a%"));
  EXPECT_FALSE(percent_decode("%zz"));
}

RC_GTEST_PROP(S3Encoding, DecodingUndoesEncoding, (const std::string& text)) {
  RC_ASSERT(percent_decode(percent_encode(text, true)) == text);
  RC_ASSERT(percent_decode(percent_encode(text, false)) == text);
}

}  // namespace
}  // namespace sdp::store::s3
