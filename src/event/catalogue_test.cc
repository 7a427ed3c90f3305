#include "event/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "base/sha256.h"

namespace sdp::event {
namespace {

TEST(Catalogue, SongIdsAreTheSeedsOwn) {
  const auto id = [](const char* artist, const char* song) { return base::to_string(song_id(artist, song)); };
  EXPECT_EQ(id("Ed Sheeran", "Shape of You"), "3344ea54-f8dd-5755-a71d-2083035fb139");
  EXPECT_EQ(id("Dua Lipa", "Levitating"), "28b10c21-4d69-50f8-80f6-533bb893fe01");
  EXPECT_EQ(id("Taylor Swift", "Love Story"), "e0cc7f42-5deb-5253-ac46-3be4e0caa845");
  EXPECT_EQ(id("The Weeknd", "Blinding Lights"), "74a42680-ff06-55cf-9f7b-426cd71bda2b");
}

TEST(Catalogue, SongIdsFollowTheRuleWhereTheSeedsPrintIsMisread) {
  EXPECT_EQ(base::to_string(song_id("Kanye West", "Stronger")), "1bf43cf2-745e-57bb-8af1-5a7055a1f93a");
  EXPECT_EQ(base::to_string(song_id("Drake", "God's Plan")), "09a7d5c8-d131-55b1-9758-8cfdc6375651");
}

TEST(Catalogue, SeedHasItsSixSongs) {
  std::set<std::string> names;
  for (const Song& song : seed_catalogue()) {
    names.insert(song.name + "/" + song.artist);
    EXPECT_EQ(song.id, song_id(song.artist, song.name));
  }
  EXPECT_EQ(names, (std::set<std::string>{"Shape of You/Ed Sheeran", "Blinding Lights/The Weeknd",
                                          "Levitating/Dua Lipa", "God's Plan/Drake",
                                          "Love Story/Taylor Swift", "Stronger/Kanye West"}));
}

TEST(Catalogue, LargerOneBeginsWithTheSmaller) {
  const auto small = catalogue(50);
  const auto large = catalogue(2'000);
  ASSERT_EQ(small.size(), 50);
  ASSERT_EQ(large.size(), 2'000);
  for (std::size_t i = 0; i < small.size(); ++i) EXPECT_EQ(small[i].id, large[i].id);
  EXPECT_EQ(large[0].id, seed_catalogue()[0].id);
  EXPECT_EQ(catalogue(2).size(), 2);
}

TEST(Catalogue, AllSongsDifferAndHaveALength) {
  std::set<Uuid> ids;
  for (const Song& song : catalogue(20'000)) {
    EXPECT_TRUE(ids.insert(song.id).second) << song.artist << "::" << song.name;
    EXPECT_EQ(song.name.find("{}"), std::string::npos) << song.name;
    EXPECT_GE(song.duration_ms, 120'000);
    EXPECT_LT(song.duration_ms, 320'000);
  }
}

// Song ids are in every lake ever written: a change of the list must be meant.
TEST(Catalogue, InventedListIsFixed) {
  std::string list;
  for (const Song& song : catalogue(1'000))
    list += base::to_string(song.id) + ' ' + std::to_string(song.duration_ms) + '\n';
  EXPECT_EQ(base::sha256_hex(list), "b6698514244c0e72152b451aa43d081bd3db81c1caa2afa9b7f9273242293edd");
}

}  // namespace
}  // namespace sdp::event
