#include "site/open_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/publication.h"
#include "support/temporary_folder.h"

namespace sdp::site {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OpenFileTest : public testing::Test {
 protected:
  OpenFile open(std::string_view text) const {
    support::spoil(path_, text);
    return *OpenFile::open(path_, text.size()).value();
  }
  static std::vector<std::string> pieces_of(OpenFile& file) {
    std::vector<std::string> pieces;
    for (;;) {
      std::string piece = file.next().value();
      if (piece.empty()) return pieces;
      pieces.push_back(std::move(piece));
    }
  }

  support::TemporaryFolder temporary_;
  fs::path path_ = temporary_.path() / "file";
};

TEST_F(OpenFileTest, APieceIsSmallHoweverLargeTheFileIs) {
  std::string text;
  while (text.size() < 3 * OpenFile::kPieceBytes + 5) text += std::to_string(text.size());
  // Seams between text and file before, at and after the end of a piece.
  for (const std::size_t around : {std::size_t{0}, std::size_t{1}, OpenFile::kPieceBytes - 1,
                                   OpenFile::kPieceBytes, OpenFile::kPieceBytes + 1}) {
    OpenFile file = open(text);
    file.wrap(std::string(around, 'b'), text.size() - 1, std::string(around, 'a'));
    const std::string whole =
        std::string(around, 'b') + text.substr(0, text.size() - 1) + std::string(around, 'a');
    EXPECT_EQ(file.read().value(), whole) << around;
    EXPECT_EQ(file.size(), whole.size());
    std::string all;
    for (const std::string& piece : pieces_of(file)) {
      EXPECT_LE(piece.size(), OpenFile::kPieceBytes);
      all += piece;
    }
    EXPECT_EQ(all, whole) << around;
  }
}

TEST_F(OpenFileTest, AnEmptyOneHasNoPieces) {
  OpenFile file = open("");
  EXPECT_TRUE(pieces_of(file).empty());
  OpenFile text("abc");
  EXPECT_THAT(pieces_of(text), testing::ElementsAre("abc"));
}

TEST_F(OpenFileTest, AFileThatIsRemovedIsReadToItsEnd) {
  OpenFile file = open("abc");
  fs::remove(path_);
  EXPECT_THAT(pieces_of(file), testing::ElementsAre("abc"));
}

TEST_F(OpenFileTest, AFileThatBecameShorterIsNamed) {
  OpenFile file = open("abc");
  ASSERT_EQ(::truncate(path_.c_str(), 2), 0);
  const auto piece = file.next();
  ASSERT_FALSE(piece);
  EXPECT_THAT(piece.error().message, HasSubstr(path_.string() + ": it became shorter"));
}

TEST_F(OpenFileTest, TheStampChangesWithTheFile) {
  const std::string first = open("abc").stamp();
  EXPECT_EQ(OpenFile::open(path_, 3).value()->stamp(), first);
  EXPECT_NE(open("abcd").stamp(), first);
}

TEST_F(OpenFileTest, WhatIsMissingTooLargeOrNoFileIsNotOpened) {
  EXPECT_FALSE(OpenFile::open(path_, 3).value());
  support::spoil(path_, "abcd");
  EXPECT_FALSE(OpenFile::open(path_, 3));
  EXPECT_FALSE(OpenFile::open(temporary_.path(), 3));
  fs::create_symlink(path_, temporary_.path() / "link");
  EXPECT_FALSE(OpenFile::open(temporary_.path() / "link", 4));
}

}  // namespace
}  // namespace sdp::site
