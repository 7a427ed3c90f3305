#pragma once

#include <librdkafka/rdkafka.h>

#include "log/record.h"

namespace sdp::log::kafka {

/// Points `view` at the bytes of `message`, which must outlive its use and be a record, not an error.
void view_of(const rd_kafka_message_t& message, RecordView& view);

}  // namespace sdp::log::kafka
