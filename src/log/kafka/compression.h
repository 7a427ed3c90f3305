#pragma once

#include <string_view>

#include "log/topic.h"

namespace sdp::log::kafka {

// A topic and a producer both have a property of this name, and neither knows all values of the other.
inline constexpr const char* kCompressionConfig = "compression.type";

/// The topic's value.
const char* config_of_topic(TopicCompression compression);
/// What a topic's value means. A value that we do not know is none that we can send: `producer`.
TopicCompression compression_of_topic(std::string_view value);
/// The value of a producer for such a topic: the topic's own, so that no broker has to compress again. Where
/// each producer chooses, ours does not compress.
const char* config_of_producer(TopicCompression compression);

}  // namespace sdp::log::kafka
