#include "verify/witness_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "support/temporary_folder.h"

namespace sdp::verify {
namespace {

namespace fs = std::filesystem;

class WitnessFileTest : public testing::Test {
 protected:
  WitnessFileTest() {
    header_.topic = "spotify-events";
    header_.chain.topic_id.bytes[0] = 0xAB;
    header_.chain.partition = 3;
    header_.start = 10;
    path_ = witness_path(root_, header_.chain);
  }

  std::unique_ptr<WitnessFile> open() {
    auto file = WitnessFile::open(path_, header_);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(file).value();
  }

  static WitnessRecord record(log::Offset offset) {
    const auto number = static_cast<std::uint64_t>(offset);
    return {offset, 1'000 + offset, {number * 7, number * 9}};
  }

  void write(WitnessFile& file, log::Offset first, log::Offset end) {
    for (log::Offset o = first; o < end; ++o) ASSERT_TRUE(file.append(record(o)));
  }

  Result<WitnessEnd> read() {
    records_.clear();
    return read_witness(path_,
                        [&](const WitnessHeader&, std::span<const WitnessRecord> block) -> Result<void> {
                          records_.insert(records_.end(), block.begin(), block.end());
                          return {};
                        });
  }

  std::string bytes() const {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  void put(std::string_view bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  support::TemporaryFolder temporary_;
  fs::path root_ = temporary_.path();
  fs::path path_;
  WitnessHeader header_;
  std::vector<WitnessRecord> records_;
};

TEST_F(WitnessFileTest, GivesBackWhatWasNoted) {
  auto file = open();
  write(*file, 10, 10'000);
  ASSERT_TRUE(file->finish());
  const auto end = read();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->header, header_);
  EXPECT_EQ(end->next, 10'000);
  EXPECT_TRUE(end->finished);
  ASSERT_EQ(records_.size(), 9'990u);
  EXPECT_EQ(records_.front(), record(10));
  EXPECT_EQ(records_.back(), record(9'999));
}

TEST_F(WitnessFileTest, WithoutAnEndMarkIsNotFinished) {
  auto file = open();
  write(*file, 10, 20);
  ASSERT_TRUE(file->flush());
  const auto end = read();
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->finished);
  EXPECT_EQ(end->next, 20);
}

TEST_F(WitnessFileTest, ContinuesBehindATornBlock) {
  auto file = open();
  write(*file, 10, 20);
  ASSERT_TRUE(file->flush());
  write(*file, 20, 30);
  ASSERT_TRUE(file->flush());
  file.reset();
  put(bytes().substr(0, bytes().size() - 5));
  file = open();
  EXPECT_EQ(file->next(), 20);
  write(*file, 20, 40);
  ASSERT_TRUE(file->finish());
  const auto end = read();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(records_.size(), 30u);
}

TEST_F(WitnessFileTest, RefusesToContinueAnotherChain) {
  ASSERT_TRUE(open()->finish());
  header_.topic = "other";
  EXPECT_EQ(WitnessFile::open(path_, header_).error().kind, ErrorKind::bad_input);
}

// Every single byte counts: whichever is flipped, the file is damaged or shorter, never read as something
// else.
TEST_F(WitnessFileTest, NoticesEveryFlippedByte) {
  auto file = open();
  write(*file, 10, 15);
  ASSERT_TRUE(file->flush());
  write(*file, 15, 20);
  ASSERT_TRUE(file->finish());
  const std::string good = bytes();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    put(bad);
    const auto end = read();
    EXPECT_TRUE(!end || !end->finished) << "byte " << i;
    for (const WitnessRecord& found : records_) EXPECT_EQ(found, record(found.offset)) << "byte " << i;
  }
}

}  // namespace
}  // namespace sdp::verify
