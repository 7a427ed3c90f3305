#include "transform/manifest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace sdp::transform {
namespace {

constexpr std::string_view kManifest = R"({"nodes":{
  "model.p.top":{"resource_type":"model","schema":"MART","alias":"top_songs","description":"Songs.",
    "checksum":{"name":"sha256","checksum":"abc"},"config":{"meta":{"order_by":"total_plays desc"}},
    "columns":{"song_id":{"name":"song_id","description":"The song."},"other":{"name":"other"}}},
  "snapshot.p.history":{"resource_type":"snapshot","schema":"MART","alias":"history","config":{"meta":"odd"}},
  "test.p.x":{"resource_type":"test","schema":"dbt_test","alias":"x"},
  "model.p.odd":7}})";

TEST(Manifest, SaysHowPeopleReadAMart) {
  const auto manifest = parse_manifest(kManifest);
  ASSERT_TRUE(manifest) << manifest.error().message;
  ASSERT_EQ(manifest->size(), 2u);
  const ModelWords& top = manifest->at("MART.TOP_SONGS");
  EXPECT_EQ(top.description, "Songs.");
  EXPECT_EQ(top.order_by, "total_plays desc");
  EXPECT_EQ(top.checksum, "abc");
  EXPECT_EQ(top.columns.at("SONG_ID"), "The song.");
  EXPECT_EQ(top.columns.at("OTHER"), "");
  EXPECT_EQ(manifest->at("MART.HISTORY").order_by, "");
}

TEST(Manifest, SomethingElseIsBadInput) {
  for (const std::string_view text : {"", "[]", "{}", R"({"nodes":[]})", R"({"nodes":{)"}) {
    const auto manifest = parse_manifest(text);
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.error().kind, ErrorKind::bad_input);
  }
}

TEST(Manifest, WhereDbtNeverRanThereIsNone) {
  support::TemporaryFolder folder;
  const auto none = read_manifest(folder.path());
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  std::ofstream(folder.path() / "manifest.json") << kManifest;
  EXPECT_EQ(read_manifest(folder.path())->size(), 2u);
}

}  // namespace
}  // namespace sdp::transform
