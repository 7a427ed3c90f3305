#include "contract/object_store_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "base/rng.h"

namespace sdp::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng.next());
  return bytes;
}

TEST_P(ObjectStoreContract, TheBucketIsCreatedOnce) {
  EXPECT_TRUE(*created_);
  EXPECT_FALSE(*store_->ensure_bucket());
  EXPECT_FALSE(*place_->open()->ensure_bucket());
}

TEST_P(ObjectStoreContract, BodyAndMetadataComeBackAsTheyWere) {
  const std::string body = random_bytes(10'000, 1);
  const Metadata metadata = {
      {"topic", "spotify-events"}, {"first-offset", "0"}, {"note", "a b=c; d,e \"f\" ~"}};
  EXPECT_EQ(put("bronze/date=2026-02-15/a.json", body, metadata), PutOutcome::created);
  const auto object = store_->get("bronze/date=2026-02-15/a.json");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->body, body);
  EXPECT_EQ(object->metadata, metadata);
  const auto head = store_->head("bronze/date=2026-02-15/a.json");
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->key, "bronze/date=2026-02-15/a.json");
  EXPECT_EQ((*head)->bytes, body.size());
  EXPECT_EQ((*head)->metadata, metadata);
}

TEST_P(ObjectStoreContract, ASecondPutChangesNothing) {
  EXPECT_EQ(put("a", "first", {{"n", "1"}}), PutOutcome::created);
  EXPECT_EQ(put("a", "second, longer", {{"n", "2"}}), PutOutcome::exists);
  EXPECT_EQ(store_->get("a")->body, "first");
  EXPECT_EQ(store_->get("a")->metadata.at("n"), "1");
}

TEST_P(ObjectStoreContract, AHintIsReplacedAndIsAnObjectLikeOthers) {
  for (const std::string_view body : {"first", "second, and longer", "3"}) {
    ASSERT_TRUE(store_->put_hint("_pipeline/heads/a/p3", body, "application/json"));
    EXPECT_EQ(store_->get("_pipeline/heads/a/p3")->body, body);
  }
  EXPECT_EQ(put("_pipeline/heads/a/p3", "another", {}), PutOutcome::exists);
  EXPECT_EQ((*store_->head("_pipeline/heads/a/p3"))->bytes, 1U);
  EXPECT_EQ(store_->put_hint("/no key", "x", "application/json").error().kind, ErrorKind::bad_input);
}

TEST_P(ObjectStoreContract, WhatIsRemovedIsGoneAndMayBePutAgain) {
  for (const std::string_view key : {"bronze/_closed/date=1/a", "bronze/_closed/date=2/a", "bronze/b"})
    ASSERT_EQ(put(key, "first", {{"n", "1"}}), PutOutcome::created);
  ASSERT_TRUE(store_->remove("bronze/_closed/date=1/a"));
  ASSERT_TRUE(store_->remove("bronze/_closed/date=1/a")) << "nothing is there any more";
  EXPECT_FALSE(*store_->head("bronze/_closed/date=1/a"));
  EXPECT_EQ(store_->get("bronze/_closed/date=1/a").error().kind, ErrorKind::bad_input);
  EXPECT_THAT(keys("bronze/"), ElementsAre("bronze/_closed/date=2/a", "bronze/b"));
  EXPECT_THAT(*store_->list_folders("bronze/_closed/"), ElementsAre("bronze/_closed/date=2/"));
  EXPECT_EQ(put("bronze/_closed/date=1/a", "second", {}), PutOutcome::created);
  EXPECT_EQ(store_->get("bronze/_closed/date=1/a")->body, "second");
  EXPECT_TRUE(store_->get("bronze/_closed/date=1/a")->metadata.empty());
  EXPECT_EQ(store_->remove("/no key").error().kind, ErrorKind::bad_input);
}

TEST_P(ObjectStoreContract, OfRacingWritersOneWinsAndItsObjectStandsWhole) {
  constexpr int kWriters = 8;
  constexpr int kKeys = 40;
  std::vector<std::unique_ptr<ObjectStore>> clients;
  for (int w = 0; w < kWriters; ++w) clients.push_back(place_->open());
  std::vector<std::vector<int>> wins(kKeys, std::vector<int>(kWriters, 0));
  std::atomic<int> failures = 0;
  const auto key_of = [](int k) { return fmt::format("race/k={:02}", k); };
  const auto body_of = [](int w, int k) { return random_bytes(1000 + 500 * w, 1000 * w + k); };
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < kWriters; ++w) {
      threads.emplace_back([&, w] {
        for (int k = 0; k < kKeys; ++k) {
          const auto outcome =
              clients[w]->put_new(key_of(k), body_of(w, k), {{"writer", std::to_string(w)}}, "text/plain");
          if (!outcome) ++failures;
          wins[k][w] = outcome && *outcome == PutOutcome::created;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  for (int k = 0; k < kKeys; ++k) {
    ASSERT_EQ(std::ranges::count(wins[k], 1), 1) << key_of(k);
    const int winner = static_cast<int>(std::ranges::find(wins[k], 1) - wins[k].begin());
    const auto object = store_->get(key_of(k));
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(object->metadata.at("writer"), std::to_string(winner));
    EXPECT_EQ(object->body, body_of(winner, k));
  }
}

TEST_P(ObjectStoreContract, OneClientServesManyThreads) {
  constexpr int kThreads = 6;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          const std::string key = fmt::format("threads/{}/{}", t, i);
          const std::string body = random_bytes(2000, 100 * t + i);
          const auto outcome = store_->put_new(key, body, {}, "text/plain");
          const auto object = store_->get(key);
          right += outcome && *outcome == PutOutcome::created && object && object->body == body;
        }
      });
    }
  }
  EXPECT_EQ(right, kThreads * 10);
  EXPECT_EQ(keys("threads/").size(), kThreads * 10);
}

TEST_P(ObjectStoreContract, OddKeysAreKeysLikeOthers) {
  const std::vector<std::string> odd = {"odd/date=2026-02-15/hour=17/x",
                                        "odd/a b",
                                        "odd/a+b",
                                        "odd/a%20b",
                                        "odd/a%2Fb",
                                        "odd/ü/日本/🎵",
                                        "odd/a&b?c#d",
                                        "odd/a'b\"c",
                                        "odd/<x>&",
                                        "odd/~-_.",
                                        "odd/a:b@c",
                                        "odd/(1)*!",
                                        "odd/[x]{y}|z",
                                        "odd/a\\b",
                                        "odd/a,b;c=d$e"};
  for (const auto& key : odd) {
    EXPECT_EQ(put(key, key), PutOutcome::created) << key;
    EXPECT_EQ(put(key, "again"), PutOutcome::exists) << key;
  }
  for (const auto& key : odd) {
    const auto object = store_->get(key);
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(object->body, key);
    EXPECT_EQ(store_->head(key)->value().bytes, key.size());
    EXPECT_THAT(keys(key), ::testing::Contains(key));
  }
  auto sorted = odd;
  std::ranges::sort(sorted);
  EXPECT_EQ(keys("odd/"), sorted);
}

TEST_P(ObjectStoreContract, AnEmptyBodyIsAnObject) {
  EXPECT_EQ(put("empty", "", {{"records", "0"}}), PutOutcome::created);
  EXPECT_EQ(put("empty", "x"), PutOutcome::exists);
  EXPECT_EQ(store_->get("empty")->body, "");
  EXPECT_EQ(store_->head("empty")->value().bytes, 0);
  EXPECT_EQ(store_->head("empty")->value().metadata.at("records"), "0");
}

TEST_P(ObjectStoreContract, TwentyMebibytesComeBackWhole) {
  const std::string body = random_bytes(20 * 1024 * 1024, 20);
  EXPECT_EQ(put("big", body), PutOutcome::created);
  EXPECT_EQ(put("big", body), PutOutcome::exists);
  EXPECT_TRUE(store_->get("big")->body == body);
}

TEST_P(ObjectStoreContract, ListsAreInByteOrderOfWholeKeys) {
  for (const auto* key : {"l/a/b", "l/a-b", "l/a0", "l/B", "l/ä", "l/z/y/x", "m"}) {
    put(key);
  }
  EXPECT_THAT(keys("l/"), ElementsAre("l/B", "l/a-b", "l/a/b", "l/a0", "l/z/y/x", "l/ä"));
  EXPECT_THAT(keys("l/a"), ElementsAre("l/a-b", "l/a/b", "l/a0"));
  EXPECT_THAT(keys("l/a/"), ElementsAre("l/a/b"));
  EXPECT_THAT(keys(""), ElementsAre("l/B", "l/a-b", "l/a/b", "l/a0", "l/z/y/x", "l/ä", "m"));
  EXPECT_THAT(keys("none/"), IsEmpty());
}

TEST_P(ObjectStoreContract, ListsRunOverPagesAndStopWhenTold) {
  constexpr int kObjects = 1100;
  std::vector<std::string> expected;
  for (int i = 0; i < kObjects; ++i) expected.push_back(fmt::format("many/x={:04}/o", i));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; i < kObjects; i += 4) (void)store_->put_new(expected[i], "abc", {}, "text/plain");
      });
    }
  }
  EXPECT_EQ(keys("many/"), expected);
  std::vector<std::string> expected_folders;
  for (const auto& key : expected) expected_folders.push_back(key.substr(0, key.size() - 1));
  EXPECT_EQ(folders("many/"), expected_folders);
  std::vector<ListedObject> first;
  ASSERT_TRUE(store_->list("many/", [&](const ListedObject& object) {
    first.push_back(object);
    return first.size() < 3;
  }));
  EXPECT_THAT(first, ElementsAre(ListedObject{expected[0], 3}, ListedObject{expected[1], 3},
                                 ListedObject{expected[2], 3}));
}

TEST_P(ObjectStoreContract, FoldersAreDistinctAndOnlyOneLevelDeep) {
  for (const auto* key : {"f/hour=02/a", "f/hour=02/b", "f/hour=10/deep/c", "f/file", "f/a b+%/x", "g/x"})
    put(key);
  EXPECT_THAT(folders("f/"), ElementsAre("f/a b+%/", "f/hour=02/", "f/hour=10/"));
  EXPECT_THAT(folders(""), ElementsAre("f/", "g/"));
  EXPECT_THAT(folders("f/hour=02/"), IsEmpty());
  EXPECT_THAT(folders("none/"), IsEmpty());
  EXPECT_EQ(store_->list_folders("f").error().kind, ErrorKind::bad_input);
}

TEST_P(ObjectStoreContract, MissingObjectsAreNamedByGetAndNothingToHead) {
  const auto head = store_->head("not/there");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_FALSE(*head);
  const auto object = store_->get("not/there");
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(object.error().message, HasSubstr("not/there"));
}

TEST_P(ObjectStoreContract, MetadataIsTakenUpToItsLimitAndRefusedAbove) {
  const Metadata full = {{"a", std::string(1000, 'x')}, {"b", std::string(1024, 'y')}};
  EXPECT_EQ(put("full", "x", full), PutOutcome::created);
  EXPECT_EQ(store_->head("full")->value().metadata, full);
  const auto refused = store_->put_new("over", "x", {{"a", std::string(2037, 'x')}}, "text/plain");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_input);
  EXPECT_FALSE(*store_->head("over"));
}

TEST_P(ObjectStoreContract, UnfitKeysAreRefusedByEveryCall) {
  for (const auto* key : {"", "/a", "a/", "a//b", "../a", "a/./b", "a\nb", "\xff"}) {
    EXPECT_EQ(store_->put_new(key, "x", {}, "text/plain").error().kind, ErrorKind::bad_input) << key;
    EXPECT_EQ(store_->get(key).error().kind, ErrorKind::bad_input) << key;
    EXPECT_EQ(store_->head(key).error().kind, ErrorKind::bad_input) << key;
  }
  EXPECT_EQ(store_->list("../", [](const auto&) { return true; }).error().kind, ErrorKind::bad_input);
}

TEST_P(ObjectStoreContract, TheProbeProvesCreateOnlyAndCanBeRepeated) {
  for (int i = 0; i < 2; ++i) {
    const auto probed = probe_create_only(*store_, "bronze/_probe");
    EXPECT_TRUE(probed) << probed.error().message;
  }
}

TEST_P(ObjectStoreContract, WithoutABucketCallsAreMisconfigured) {
  const auto place = GetParam().make();
  const auto store = place->open();
  const auto outcome = store->put_new("a", "x", {}, "text/plain");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::misconfigured) << outcome.error().message;
  EXPECT_EQ(store->list("", [](const auto&) { return true; }).error().kind, ErrorKind::misconfigured);
  EXPECT_EQ(store->get("a").error().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::store
