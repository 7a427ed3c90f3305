#include "log/memory/partitioner.h"

#include <gtest/gtest.h>

namespace sdp::log {
namespace {

struct Known {
  std::string_view bytes;
  std::int32_t hash;
};

// The table of Kafka's own test of its hash.
constexpr Known kKnown[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

TEST(Partitioner, HashesAsKafkaDoes) {
  for (const Known& known : kKnown) {
    EXPECT_EQ(static_cast<std::int32_t>(murmur2(known.bytes)), known.hash) << known.bytes;
  }
}

TEST(Partitioner, TakesTheHashWithoutItsSign) {
  EXPECT_EQ(partition_of("foobar", 6), (-790332482 & 0x7fffffff) % 6);
  EXPECT_EQ(partition_of("abc", 6), 479470107 % 6);
  EXPECT_EQ(partition_of("anything", 1), 0);
}

}  // namespace
}  // namespace sdp::log
