#include "log/kafka/probe.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <tuple>

namespace sdp::log::kafka {
namespace {

constexpr int kTimeoutMillis = 2'000;

/// A broker that is still starting refuses connections; librdkafka would print each refusal.
void ignore_log(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

std::string library_version() {
  return ::rd_kafka_version_str();
}

std::string_view missing_in_library() {
#if defined(RD_KAFKA_HAS_ENCODED_HEADERS) && defined(RD_KAFKA_HAS_DECODE_LIMITS)
  return {};
#else
  return "names of headers end at their first U+0000, and what a record batch grows to is not limited, since "
         "this is the system's librdkafka";
#endif
}

Result<void> probe(const std::string& bootstrap_servers) {
  std::array<char, 512> problem{};
  std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(::rd_kafka_conf_new(),
                                                                    ::rd_kafka_conf_destroy);
  ::rd_kafka_conf_set_log_cb(conf.get(), ignore_log);
  if (::rd_kafka_conf_set(conf.get(), "bootstrap.servers", bootstrap_servers.c_str(), problem.data(),
                          problem.size()) != RD_KAFKA_CONF_OK) {
    return fail(ErrorKind::misconfigured, fmt::format("brokers {}: {}", bootstrap_servers, problem.data()));
  }
  const std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> client(
      ::rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), problem.data(), problem.size()), ::rd_kafka_destroy);
  if (!client) return fail(ErrorKind::fatal, fmt::format("librdkafka does not start: {}", problem.data()));
  std::ignore = conf.release();  // The client owns it now.

  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = ::rd_kafka_metadata(client.get(), 0, nullptr, &metadata, kTimeoutMillis);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(ErrorKind::retry,
                fmt::format("brokers {}: {}", bootstrap_servers, ::rd_kafka_err2str(error)));
  }
  ::rd_kafka_metadata_destroy(metadata);
  return {};
}

}  // namespace sdp::log::kafka
