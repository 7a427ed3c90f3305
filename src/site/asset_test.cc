#include "site/asset.h"

#include <gtest/gtest.h>

#include "base/sha256.h"

namespace sdp::site {
namespace {

TEST(Asset, TheProgramHasThePagesThatAreNamed) {
  for (const char* name :
       {"index.html", "result.html", "music.html", "year.html", "runs.html", "THIRD-PARTY.txt"}) {
    const Asset* found = find_asset(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_FALSE(found->bytes.empty()) << name;
  }
  EXPECT_EQ(find_asset("nothing.html"), nullptr);
  EXPECT_EQ(find_asset(""), nullptr);
}

TEST(Asset, EachIsWholeAndHasATypeThatABrowserTakes) {
  for (const Asset& asset : assets()) {
    EXPECT_TRUE(base::sha256_hex(asset.bytes).starts_with(asset.digest)) << asset.name;
    EXPECT_FALSE(asset.type.empty()) << asset.name;
    if (asset.gzip.empty()) continue;
    EXPECT_LT(asset.gzip.size(), asset.bytes.size()) << asset.name;
    EXPECT_TRUE(asset.gzip.starts_with("\x1f\x8b")) << asset.name;
  }
}

TEST(Asset, PagesHaveNoScriptOfTheirOwn) {
  // Content-Security-Policy would not let it run.
  for (const Asset& asset : assets()) {
    if (!asset.name.ends_with(".html")) continue;
    std::string_view rest = asset.bytes;
    for (auto at = rest.find("<script"); at != std::string_view::npos; at = rest.find("<script")) {
      rest.remove_prefix(at);
      const auto tag = rest.substr(0, rest.find('>'));
      EXPECT_TRUE(tag.contains("src=")) << asset.name << ": " << tag;
      rest.remove_prefix(tag.size());
    }
  }
}

}  // namespace
}  // namespace sdp::site
