#include "log/kafka/compression.h"

#include <gtest/gtest.h>

namespace sdp::log::kafka {
namespace {

constexpr TopicCompression kAll[] = {TopicCompression::none,   TopicCompression::gzip,
                                     TopicCompression::snappy, TopicCompression::lz4,
                                     TopicCompression::zstd,   TopicCompression::producer};

TEST(TopicCompressions, AreReadBack) {
  for (const TopicCompression one : kAll) EXPECT_EQ(compression_of_topic(config_of_topic(one)), one);
}

TEST(TopicCompressions, AnUnknownOneIsLeftToTheProducer) {
  EXPECT_EQ(compression_of_topic("brotli"), TopicCompression::producer);
  EXPECT_EQ(compression_of_topic(""), TopicCompression::producer);
}

TEST(TopicCompressions, AProducerSendsWhatTheTopicStores) {
  EXPECT_STREQ(config_of_topic(TopicCompression::none), "uncompressed");
  EXPECT_STREQ(config_of_producer(TopicCompression::none), "none");
  EXPECT_STREQ(config_of_producer(TopicCompression::producer), "none");
  for (const TopicCompression one :
       {TopicCompression::gzip, TopicCompression::snappy, TopicCompression::lz4, TopicCompression::zstd}) {
    EXPECT_STREQ(config_of_producer(one), config_of_topic(one));
  }
}

}  // namespace
}  // namespace sdp::log::kafka
