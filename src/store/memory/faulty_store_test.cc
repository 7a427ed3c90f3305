#include "store/memory/faulty_store.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace sdp::store {
namespace {

TEST(FaultyStore, ErrorBeforeLeavesNothing) {
  MemoryStore inner;
  FaultyStore store(inner, scripted_faults(StoreOp::put_new, {Fault::error_before}));
  EXPECT_EQ(store.put_new("a", "x", {}, "text/plain").error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(*inner.head("a"));
  EXPECT_EQ(*store.put_new("a", "x", {}, "text/plain"), PutOutcome::created);
}

TEST(FaultyStore, ErrorAfterLeavesTheObject) {
  MemoryStore inner;
  FaultyStore store(inner, scripted_faults(StoreOp::put_new, {Fault::error_after}));
  EXPECT_FALSE(store.put_new("a", "x", {}, "text/plain"));
  EXPECT_EQ(inner.get("a")->body, "x");
  EXPECT_EQ(*store.put_new("a", "x", {}, "text/plain"), PutOutcome::exists);
  EXPECT_EQ(store.faults(StoreOp::put_new), 1);
}

TEST(FaultyStore, ScriptsCountOnlyTheirOwnCalls) {
  MemoryStore inner;
  FaultyStore store(inner, scripted_faults(StoreOp::head, {Fault::none, Fault::error_before}));
  EXPECT_TRUE(store.put_new("a", "x", {}, "text/plain"));
  EXPECT_TRUE(store.head("a"));
  EXPECT_FALSE(store.head("a"));
  EXPECT_TRUE(store.head("a"));
}

TEST(FaultyStore, ARivalCanActBetweenCallAndEffect) {
  MemoryStore inner;
  FaultyStore store(inner, {},
                    {.before = [&](const StoreCall&) { (void)inner.put_new("a", "rival", {}, "text/plain"); },
                     .after = {}});
  EXPECT_EQ(*store.put_new("a", "mine", {}, "text/plain"), PutOutcome::exists);
  EXPECT_EQ(inner.get("a")->body, "rival");
}

std::vector<bool> outcomes(std::uint64_t seed) {
  MemoryStore inner;
  FaultyStore store(inner, seeded_faults(Rng(seed), {.error_before = 0.3, .error_after = 0.3, .only = {}}));
  std::vector<bool> ok;
  for (int i = 0; i < 200; ++i)
    ok.push_back(store.put_new(std::to_string(i), "x", {}, "text/plain").has_value());
  EXPECT_GT(store.faults(StoreOp::put_new), 80);
  return ok;
}

TEST(FaultyStore, TheSameSeedGivesTheSameFaults) {
  EXPECT_EQ(outcomes(7), outcomes(7));
  EXPECT_NE(outcomes(7), outcomes(8));
}

}  // namespace
}  // namespace sdp::store
