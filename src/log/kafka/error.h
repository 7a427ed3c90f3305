#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string_view>

#include "base/result.h"
#include "log/kafka/settings.h"
#include "log/record.h"

namespace sdp::log::kafka {

/// What a caller can do about a code of librdkafka or of a broker. The only place where codes become kinds.
ErrorKind kind_of(rd_kafka_resp_err_t code);

/// Why a batch cannot be read, where an error in place of a record says that. The error is at its first
/// offset.
std::optional<BatchFault> fault_of(rd_kafka_resp_err_t code);

/// `Kafka at HOST:PORT: <what>: <the code in words> (<detail>)`, and what to do where that is known.
Error make_error(const KafkaSettings& settings, std::string_view what, rd_kafka_resp_err_t code,
                 std::string_view detail = {});

/// The same for a call that kept trying until its time limit: what could be tried again is now `unavailable`.
Error make_final_error(const KafkaSettings& settings, std::string_view what, rd_kafka_resp_err_t code,
                       std::string_view detail = {});

}  // namespace sdp::log::kafka
