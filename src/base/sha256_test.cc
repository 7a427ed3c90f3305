#include "base/sha256.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

/// FIPS 180-2, appendix B.1.
constexpr std::string_view kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, OfTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), kOfAbc);
  Sha256 pieces;
  pieces.add("a");
  pieces.add("");
  pieces.add("bc");
  EXPECT_EQ(pieces.hex(), kOfAbc);
}

TEST(Sha256, DigestsAreTheSameWhenEachDigitIs) {
  EXPECT_TRUE(same_digest(kOfAbc, sha256_hex("abc")));
  for (const std::size_t at : {std::size_t{0}, kOfAbc.size() / 2, kOfAbc.size() - 1}) {
    std::string other(kOfAbc);
    other[at] = '-';
    EXPECT_FALSE(same_digest(kOfAbc, other)) << at;
  }
  EXPECT_FALSE(same_digest(kOfAbc, kOfAbc.substr(1)));
  EXPECT_FALSE(same_digest("", kOfAbc));
  EXPECT_TRUE(same_digest("", ""));
}

}  // namespace
}  // namespace sdp::base
