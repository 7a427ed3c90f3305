#include "verify/header_reader.h"

#include <gtest/gtest.h>

#include "verify/fingerprint.h"

using namespace std::string_view_literals;

namespace sdp::verify {
namespace {

TEST(HeaderReader, ReadsNamesAndValuesToTheByte) {
  const auto headers = read_headers(
      "\x06\x06"
      "a\0b\x02x"
      "\x00\x01"
      "\x02\xFF\x00"sv);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name, "a\0b"sv);
  EXPECT_EQ(headers[0].value, "x");
  EXPECT_EQ(headers[1].name, "");
  EXPECT_EQ(headers[1].value, std::nullopt);
  EXPECT_EQ(headers[2].name, "\xFF");
  EXPECT_EQ(headers[2].value, "");
  EXPECT_TRUE(read_headers("").empty());
  EXPECT_TRUE(read_headers("\0"sv).empty());
}

TEST(HeaderReader, KeepsEverythingElseAsOneName) {
  for (const std::string_view encoded :
       {"\x01"sv, "\x02"sv, "\x02\x01\x00"sv, "\x02\x04n"sv, "\x02\x02n"sv, "\x02\x02n\x03"sv,
        "\x02\x02n\x04v"sv, "\x02\x02n\x02vv"sv, "\x00\x00"sv, "\x80\x80\x80\x80\x80\x00"sv,
        "\xFE\xFF\xFF\xFF\x0F\x02n\x01"sv}) {
    const auto headers = read_headers(encoded);
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers[0].name, encoded);
    EXPECT_EQ(headers[0].value, std::nullopt);
  }
}

// As Kafka does: of the five bytes that a size of 32 bits may take, the last one has bits to spare.
TEST(HeaderReader, DropsWhatASizeOf32BitsHasNoPlaceFor) {
  for (const std::string_view name_size : {"\x82\x80\x80\x80\x10"sv, "\x82\x80\x80\x80\x70"sv}) {
    const std::string encoded = "\x02" + std::string(name_size) + "n\x02v";
    const auto headers = read_headers(encoded);
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers[0].name, "n");
    EXPECT_EQ(headers[0].value, "v");
  }
}

// What a sink made of the headers is not what verify compares its lines with.
TEST(HeaderReader, AFaultOfTheOtherReaderIsADifference) {
  log::RecordView record{.timestamp = {}, .key = "k", .value = "{}", .headers = {{"a", "x"}}};
  record.headers_encoded =
      "\x02\x06"
      "a\0b\x02x"sv;
  Fingerprinter fingerprinter;
  const auto of_log = fingerprinter.of(record);
  const std::vector<lake::LineHeader> cut{{"a", "x"}};
  const std::vector<lake::LineHeader> whole{{std::string("a\0b"sv), "x"}};
  EXPECT_EQ(fingerprinter.of("k", "{}", whole), of_log.raw);
  EXPECT_NE(fingerprinter.of("k", "{}", cut), of_log.raw);
}

}  // namespace
}  // namespace sdp::verify
