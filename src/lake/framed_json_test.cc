#include "lake/framed_json.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

using namespace std::string_view_literals;

TEST(FramedJson, HasTheIdOfItsSchemaAndTheObjectBehindIt) {
  const auto framed = framed_json("\0\0\x01\x02\x0a \r{\"a\":1}\n"sv);
  ASSERT_TRUE(framed);
  EXPECT_EQ(framed->schema_id, 0x1020aU);
  EXPECT_EQ(framed->json, "{\"a\":1}");
  EXPECT_EQ(framed_json("\0\xff\xff\xff\xff{"sv)->schema_id, 0xffffffffU);
}

TEST(FramedJson, EverythingElseIsNot) {
  for (const std::string_view value :
       {"{\"a\":1}"sv, "\0\0\0\0\x07"sv, "\0\0\0\0{}"sv, "\0\0\0\0\x07 "sv, "\x01\0\0\0\x07{}"sv,
        "\0\0\0\0\x07[]"sv, "\0\0\0\0\x07\x08Hello"sv, " \0\0\0\0\x07{}"sv, ""sv}) {
    EXPECT_FALSE(framed_json(value)) << value;
  }
}

}  // namespace
}  // namespace sdp::lake
