#include "log/kafka/error.h"

#include <gtest/gtest.h>

namespace sdp::log::kafka {
namespace {

struct Known {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
};

constexpr Known kKnown[] = {
    {RD_KAFKA_RESP_ERR__TRANSPORT, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR__RESOLVE, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, ErrorKind::retry},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ErrorKind::unauthorized},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorKind::unauthorized},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorKind::unauthorized},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ErrorKind::unauthorized},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ErrorKind::unauthorized},
    {RD_KAFKA_RESP_ERR__SSL, ErrorKind::misconfigured},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ErrorKind::misconfigured},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, ErrorKind::misconfigured},
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, ErrorKind::misconfigured},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ErrorKind::bad_input},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ErrorKind::bad_input},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorKind::bad_input},
    {RD_KAFKA_RESP_ERR__BAD_MSG, ErrorKind::bad_input},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, ErrorKind::data_gap},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ErrorKind::data_gap},
    {RD_KAFKA_RESP_ERR__LOG_TRUNCATION, ErrorKind::data_gap},
    {RD_KAFKA_RESP_ERR__FENCED, ErrorKind::fenced},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, ErrorKind::fenced},
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, ErrorKind::fenced},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, ErrorKind::fenced},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, ErrorKind::fenced},
    {RD_KAFKA_RESP_ERR__DESTROY, ErrorKind::interrupted},
    {RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, ErrorKind::fatal},
    {RD_KAFKA_RESP_ERR_UNKNOWN, ErrorKind::fatal},
};

TEST(KafkaError, EveryCodeTellsWhatTheCallerCanDo) {
  for (const Known& known : kKnown)
    EXPECT_EQ(kind_of(known.code), known.kind) << rd_kafka_err2name(known.code);
}

TEST(KafkaError, SaysWhereWhatAndWhatToDo) {
  KafkaSettings settings;
  settings.bootstrap_servers = "127.0.0.1:1";
  const Error error =
      make_error(settings, "cannot describe topic x", RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
  EXPECT_EQ(error.kind, ErrorKind::retry);
  EXPECT_EQ(error.message,
            "Kafka at 127.0.0.1:1: cannot describe topic x: Local: Broker transport failure (Connection "
            "refused). Is the "
            "broker running? Start one with `spotify-services up`, or set --bootstrap-servers");
}

TEST(KafkaError, WhatWasTriedUntilTheLimitIsUnavailable) {
  EXPECT_EQ(make_final_error({}, "x", RD_KAFKA_RESP_ERR__TRANSPORT).kind, ErrorKind::unavailable);
  EXPECT_EQ(make_final_error({}, "x", RD_KAFKA_RESP_ERR__AUTHENTICATION).kind, ErrorKind::unauthorized);
}

TEST(KafkaError, AnAddressThatDoesNotAnswerIsSaidToBeWhatItIs) {
  const auto message = [](std::string_view reason) {
    return make_final_error({}, "x", RD_KAFKA_RESP_ERR__TRANSPORT, reason).message;
  };
  EXPECT_NE(message("Failed to resolve 'b:9092': Name or service not known").find("No host of that name"),
            std::string::npos);
  EXPECT_NE(message("Receive failed: Invalid response size 1213486160").find("no Kafka broker"),
            std::string::npos);
  EXPECT_NE(
      message("might be caused by incorrect security.protocol configuration").find("--security-protocol"),
      std::string::npos);
  EXPECT_NE(
      message("SSL connection closed by peer (after 0ms in state SSL_HANDSHAKE)").find("--security-protocol"),
      std::string::npos);
  EXPECT_NE(message("").find("Nothing there answers as a Kafka broker does"), std::string::npos);
  EXPECT_NE(message("SSL handshake failed: wrong version number").find("--security-protocol"),
            std::string::npos);
  EXPECT_NE(message("Connection refused").find("Is the broker running?"), std::string::npos);
}

TEST(Faults, OnlyErrorsOfABatchAreFaultsOfIt) {
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), BatchFault::too_large);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__BAD_COMPRESSION), BatchFault::undecodable);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__BAD_MSG), BatchFault::bad_checksum);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED), BatchFault::unknown_codec);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_INVALID_RECORD), BatchFault::malformed);
  // No memory is a fault of this machine, and no answer one of the broker.
  for (const auto code :
       {RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR_NO_ERROR}) {
    EXPECT_EQ(fault_of(code), std::nullopt) << rd_kafka_err2name(code);
  }
}

}  // namespace
}  // namespace sdp::log::kafka
