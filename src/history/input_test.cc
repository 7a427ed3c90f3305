#include "history/input.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <array>
#include <climits>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::history {
namespace {

namespace fs = std::filesystem;

void make_zip(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& entries,
              const char* password = nullptr) {
  zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, text] : entries) {
    zip_source_t* const source = zip_source_buffer(zip, text.data(), text.size(), 0);
    const auto index = static_cast<zip_uint64_t>(zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8));
    if (password != nullptr) zip_file_set_encryption(zip, index, ZIP_EM_AES_256, password);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

std::string read_all(const InputFile& file) {
  const auto bytes = file.open();
  if (!bytes) return "!" + bytes.error().message;
  std::string out;
  std::array<char, 1'000> chunk{};
  while (true) {
    const auto size = (*bytes)->read(chunk);
    if (!size) return "!" + size.error().message;
    if (*size == 0) return out;
    out.append(chunk.data(), *size);
  }
}

std::string failure(const fs::path& path, const InputLimits& limits = {}) {
  const auto files = find_files(path, limits);
  return files ? "found" : std::string(base::name(files.error().kind)) + ": " + files.error().message;
}

class FindFiles : public testing::Test {
 protected:
  const support::TemporaryFolder folder_;
  const fs::path zip_ = folder_.path() / "export.zip";
};

TEST_F(FindFiles, AFileIsItselfWhateverItsName) {
  ASSERT_TRUE(os::write_file(folder_.path() / "x.txt", "abc", 0600));
  const auto files = find_files(folder_.path() / "x.txt");
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 1U);
  EXPECT_TRUE((*files)[0].is_chosen);
  EXPECT_EQ(read_all((*files)[0]), "abc");
  EXPECT_EQ(read_all((*files)[0]), "abc");
  InputLimits small;
  small.file_bytes = 2;
  EXPECT_NE(read_all((*find_files(folder_.path() / "x.txt", small))[0]).find("larger than 2 bytes"),
            std::string::npos);
}

TEST_F(FindFiles, AFolderGivesWhatMayBeAHistory) {
  ASSERT_TRUE(os::make_folder(folder_.path() / "d"));
  for (const char* name : {"d/b.JSON", "a.csv", "c.pdf", "._a.csv"})
    ASSERT_TRUE(os::write_file(folder_.path() / name, name, 0600));
  const auto files = find_files(folder_.path());
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ(read_all((*files)[0]), "a.csv");
  EXPECT_EQ(read_all((*files)[1]), "d/b.JSON");
  EXPECT_FALSE((*files)[0].is_chosen);
  InputLimits small;
  small.files = 2;
  EXPECT_TRUE(failure(folder_.path(), small).starts_with("bad_input"));
  EXPECT_TRUE(failure(folder_.path() / "none").starts_with("misconfigured: there is no file or folder"));
}

TEST_F(FindFiles, WhatIsNoExportIsToldAsWhatItIs) {
  EXPECT_TRUE(failure("/dev/null").starts_with("misconfigured: /dev/null is neither a file nor a folder"));
  ASSERT_EQ(::symlink("loop", (folder_.path() / "loop").c_str()), 0);
  EXPECT_NE(failure(folder_.path() / "loop").find("symbolic links"), std::string::npos)
      << failure(folder_.path() / "loop");
  ASSERT_TRUE(os::write_file(folder_.path() / "x.json.gz", "\x1f\x8b\x08", 0600));
  EXPECT_NE(failure(folder_.path() / "x.json.gz").find("x.json.gz is packed by gzip; unpack it"),
            std::string::npos);
}

TEST_F(FindFiles, AFolderBelowThatCannotBeReadIsNamed) {
  // A name that is longer than a path may be is one that nobody can read, root neither.
  fs::path below = folder_.path();
  const fs::path start = fs::current_path();
  fs::current_path(below);
  while (below.native().size() < PATH_MAX) {
    const std::string name(200, 'd');
    ASSERT_EQ(::mkdir(name.c_str(), 0700), 0);
    fs::current_path(name);
    below /= name;
  }
  fs::current_path(start);
  const std::string said = failure(folder_.path());
  EXPECT_NE(said.find(folder_.path().string() + "/ddd"), std::string::npos) << said;
}

TEST_F(FindFiles, AZipFileIsUnpackedAsItIsRead) {
  make_zip(zip_, {{"My Data/b.json", std::string(300'000, 'b')},
                  {"a.json", "a"},
                  {"../../etc/x.json", "x"},
                  {"p.pdf", "p"}});
  const auto files = find_files(zip_);
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 3U);
  // Names are for people only: nothing is written anywhere.
  EXPECT_EQ((*files)[0].name, "export.zip: ../../etc/x.json");
  EXPECT_EQ((*files)[1].name, "export.zip: My Data/b.json");
  EXPECT_EQ(read_all((*files)[2]), "a");
  EXPECT_TRUE(read_all((*files)[1]) == std::string(300'000, 'b'));
  EXPECT_TRUE(read_all((*files)[1]) == std::string(300'000, 'b'));
}

TEST_F(FindFiles, BombsAreRefused) {
  make_zip(zip_, {{"a.json", std::string(3 << 20, 'a')}, {"b.json", std::string(3 << 20, 'b')}});
  EXPECT_NE(read_all((*find_files(zip_))[0]).find("more than 200 times"), std::string::npos);
  InputLimits limits;
  limits.ratio = 10'000;
  EXPECT_EQ(read_all((*find_files(zip_, limits))[0]).size(), std::size_t{3} << 20);
  limits.file_bytes = 1 << 20;
  EXPECT_NE(read_all((*find_files(zip_, limits))[0]).find("larger than 1048576 bytes"), std::string::npos);
  limits.total_bytes = 5 << 20;
  EXPECT_NE(failure(zip_, limits).find("holds more than"), std::string::npos);
  limits.files = 1;
  EXPECT_NE(failure(zip_, limits).find("more than 1 files"), std::string::npos);
}

TEST_F(FindFiles, BrokenZipFilesAreNamed) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7'919 % 10'007);
  make_zip(zip_, {{"a.json", text}});
  const std::string whole = **os::read_file(zip_);
  ASSERT_TRUE(os::write_file(zip_, whole.substr(0, whole.size() / 2), 0600));
  EXPECT_TRUE(failure(zip_).starts_with("bad_input")) << failure(zip_);
  EXPECT_NE(failure(zip_).find("not a sound ZIP file"), std::string::npos) << failure(zip_);
  std::string spoilt = whole;
  for (std::size_t at = 1'000; at < 1'040; ++at) spoilt[at] ^= 0x55;
  ASSERT_TRUE(os::write_file(zip_, spoilt, 0600));
  EXPECT_NE(read_all((*find_files(zip_))[0]).find("cannot be unpacked"), std::string::npos);
  make_zip(zip_, {{"a.json", "a"}}, "secret");
  EXPECT_NE(failure(zip_).find("a.json is encrypted; unpack it"), std::string::npos) << failure(zip_);
  make_zip(zip_, {{"p.pdf", "p"}}, "secret");
  EXPECT_NE(failure(zip_).find("no file that may be"), std::string::npos) << failure(zip_);
  make_zip(zip_, {{"p.pdf", "p"}});
  EXPECT_NE(failure(zip_).find("no file that may be"), std::string::npos) << failure(zip_);
}

}  // namespace
}  // namespace sdp::history
