#include "lake/compression.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <zstd.h>

namespace sdp::lake {
namespace {

constexpr std::size_t kMax = std::size_t{1} << 20;

class CompressionForms : public testing::TestWithParam<Compression> {
 protected:
  std::string packed(std::string_view bytes) { return compress(GetParam(), bytes).value(); }
  Result<std::string> unpacked(std::string_view body, std::size_t bytes_max = kMax) {
    return decompress(GetParam(), body, bytes_max);
  }
  void expect_refused(std::string_view body, std::size_t bytes_max = kMax) {
    const auto bytes = unpacked(body, bytes_max);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().kind, ErrorKind::bad_input);
  }
};

/// Only the forms that can tell damage.
class CompressedForms : public CompressionForms {};

TEST_P(CompressionForms, GivesTheBytesBack) {
  std::string noise;
  for (std::uint32_t i = 0, x = 1; i < 700'000; ++i, x = x * 1664525 + 1013904223)
    noise.push_back(static_cast<char>(x >> 24));
  for (const std::string& bytes :
       {std::string(), std::string("{}\n"), std::string(kMax, 'a'), std::string("\0\n", 2), noise}) {
    EXPECT_EQ(unpacked(packed(bytes)).value(), bytes);
  }
}

TEST_P(CompressionForms, TheSameBytesGiveTheSameBody) {
  const std::string bytes(10'000, 'x');
  EXPECT_EQ(packed(bytes), packed(bytes));
}

TEST_P(CompressionForms, ALimitIsHeldToTheByte) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{1000}, std::size_t{262'144}, std::size_t{500'000}}) {
    const std::string body = packed(std::string(size, 'a'));
    EXPECT_TRUE(unpacked(body, size));
    expect_refused(body, size - 1);
  }
}

TEST_P(CompressionForms, NameIsReadBack) {
  EXPECT_EQ(parse_compression(name(GetParam())), GetParam());
  EXPECT_FALSE(parse_compression("brotli"));
  EXPECT_FALSE(parse_compression("ZSTD"));
}

TEST_P(CompressedForms, ABombIsRefusedWithoutUnpackingIt) {
  const std::string body = packed(std::string(std::size_t{64} << 20, '\0'));
  EXPECT_LT(body.size(), kMax);
  expect_refused(body);
}

TEST_P(CompressedForms, EveryCutIsRefused) {
  const std::string body = packed("one line of text, and one line of text\n");
  for (std::size_t size = 0; size < body.size(); ++size)
    expect_refused(std::string_view(body).substr(0, size));
}

TEST_P(CompressedForms, BytesBehindTheEndAreRefused) {
  const std::string body = packed("a\n");
  expect_refused(body + "x");
  expect_refused(body + std::string(1, '\0'));
  expect_refused(body + body);
}

TEST_P(CompressedForms, OtherBytesAreRefused) {
  expect_refused("{}\n");
  expect_refused("\x1f\x8b");
  expect_refused(packed("a\n").insert(0, 1, 'x'));
}

TEST_P(CompressedForms, AChangedByteNeverGivesOtherLines) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += std::to_string(i * i) + "\n";
  const std::string body = packed(bytes);
  for (std::size_t at = 0; at < body.size(); ++at) {
    std::string changed = body;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto unpacked_bytes = unpacked(changed);
    // A few header bytes, as gzip's time and system, say nothing of the content.
    EXPECT_TRUE(!unpacked_bytes || *unpacked_bytes == bytes) << at;
  }
}

constexpr auto kNameOf = [](const auto& test) { return std::string(name(test.param)); };
INSTANTIATE_TEST_SUITE_P(Lake, CompressionForms,
                         testing::Values(Compression::none, Compression::gzip, Compression::zstd), kNameOf);
INSTANTIATE_TEST_SUITE_P(Lake, CompressedForms, testing::Values(Compression::gzip, Compression::zstd),
                         kNameOf);

TEST(Zstd, BodySaysItsSizeAndHasAChecksum) {
  const std::string bytes(5000, 'a');
  const std::string body = compress(Compression::zstd, bytes).value();
  EXPECT_EQ(ZSTD_getFrameContentSize(body.data(), body.size()), bytes.size());
  EXPECT_TRUE(body[4] & 0x04) << "the frame header's checksum flag";
}

TEST(Compression, ExtensionsAreThoseOfKeys) {
  EXPECT_EQ(extension(Compression::none), ".json");
  EXPECT_EQ(extension(Compression::gzip), ".json.gz");
  EXPECT_EQ(extension(Compression::zstd), ".json.zst");
}

RC_GTEST_PROP(CompressionProperty, AnyBytesAsABodyAreRefusedOrFit, (const std::string& body)) {
  for (const Compression form : {Compression::gzip, Compression::zstd}) {
    const auto bytes = decompress(form, body, 100);
    RC_ASSERT(bytes.value_or("").size() <= 100);
  }
}

}  // namespace
}  // namespace sdp::lake
