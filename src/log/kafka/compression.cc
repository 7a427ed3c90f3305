#include "log/kafka/compression.h"

#include <array>

namespace sdp::log::kafka {
namespace {

struct Names {
  TopicCompression compression = TopicCompression::none;
  const char* topic = nullptr;
  const char* producer = nullptr;
};

constexpr std::array<Names, 6> kNames = {{
    {TopicCompression::none, "uncompressed", "none"},
    {TopicCompression::gzip, "gzip", "gzip"},
    {TopicCompression::snappy, "snappy", "snappy"},
    {TopicCompression::lz4, "lz4", "lz4"},
    {TopicCompression::zstd, "zstd", "zstd"},
    {TopicCompression::producer, "producer", "none"},
}};

const Names& names(TopicCompression compression) {
  return kNames.at(static_cast<std::size_t>(compression));
}

}  // namespace

const char* config_of_topic(TopicCompression compression) {
  return names(compression).topic;
}

TopicCompression compression_of_topic(std::string_view value) {
  for (const Names& one : kNames) {
    if (value == one.topic) return one.compression;
  }
  return TopicCompression::producer;
}

const char* config_of_producer(TopicCompression compression) {
  return names(compression).producer;
}

}  // namespace sdp::log::kafka
