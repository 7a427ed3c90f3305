#include "log/kafka/headers.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <string>

#include "log/kafka/probe.h"

using namespace std::string_view_literals;

namespace sdp::log::kafka {
namespace {

std::vector<HeaderView> decoded(std::string_view encoded) {
  std::vector<HeaderView> headers;
  decode_headers(encoded, headers);
  return headers;
}

TEST(Headers, NamesAndValuesAreAnyBytes) {
  // Sizes in zigzag order: 3 is written 6, -1 is 1.
  const auto headers = decoded(
      "\x08\x06"
      "a\0b\x02x"
      "\x00\x01"
      "\x02\xFF\x00"
      "\x02\x00\x04\x00\xFF"sv);
  ASSERT_EQ(headers.size(), 4U);
  EXPECT_EQ(headers[0].name, "a\0b"sv);
  EXPECT_EQ(headers[0].value, "x"sv);
  EXPECT_EQ(headers[1].name, ""sv);
  EXPECT_EQ(headers[1].value, std::nullopt);
  EXPECT_EQ(headers[2].name, "\xFF"sv);
  EXPECT_EQ(headers[2].value, ""sv);
  EXPECT_EQ(headers[3].name, "\0"sv);
  EXPECT_EQ(headers[3].value, "\0\xFF"sv);
}

TEST(Headers, ALibraryWithOurPatchLacksNothing) {
#if defined(RD_KAFKA_HAS_ENCODED_HEADERS) && defined(RD_KAFKA_HAS_DECODE_LIMITS)
  EXPECT_EQ(missing_in_library(), "");
#else
  EXPECT_NE(missing_in_library(), "");
#endif
}

TEST(Headers, NoBytesAndACountOfZeroAreNoHeaders) {
  EXPECT_TRUE(decoded("").empty());
  EXPECT_TRUE(decoded("\0"sv).empty());
}

TEST(Headers, SizesOfSeveralBytes) {
  const std::string name(300, 'n');
  const std::string encoded = "\x02\xD8\x04" + name + "\x01";
  const auto headers = decoded(encoded);
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].name, name);
}

TEST(Headers, AnythingElseIsKeptAsOneName) {
  for (const std::string_view encoded : {
           "\x01"sv,                          // -1 headers
           "\x02"sv,                          // one header, no bytes
           "\x02\x01\x00"sv,                  // a name of -1 bytes
           "\x02\x04n"sv,                     // a name of two bytes, of which one is there
           "\x02\x02n"sv,                     // no value
           "\x02\x02n\x03"sv,                 // a value of -2 bytes
           "\x02\x02n\x04v"sv,                // a value of two bytes, of which one is there
           "\x02\x02n\x02vv"sv,               // one byte too much
           "\x00\x00"sv,                      // the same without headers
           "\x80\x80\x80\x80\x80\x00"sv,      // a varint of six bytes
           "\xFE\xFF\xFF\xFF\x0F\x02n\x01"sv  // two milliards of headers, one of them there
       }) {
    const auto headers = decoded(encoded);
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers[0].name, encoded);
    EXPECT_EQ(headers[0].value, std::nullopt);
  }
}

}  // namespace
}  // namespace sdp::log::kafka
