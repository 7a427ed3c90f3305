#include "log/kafka/client.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "log/kafka/kafka_log.h"
#include "log/kafka/kafka_producer.h"
#include "support/patience.h"

namespace sdp::log::kafka {
namespace {

class KafkaClient : public ::testing::Test {
 protected:
  KafkaClient() { settings_.bootstrap_servers = "127.0.0.1:9092"; }

  Error refused(Role role = Role::producer) {
    auto client = open_client(role, settings_, events_);
    EXPECT_FALSE(client);
    return client ? Error{} : std::move(client).error();
  }

  /// As librdkafka has it in a client that was opened.
  std::string property(Role role, const char* name) {
    const auto client = open_client(role, settings_, events_);
    if (!client) return client.error().message;
    const rd_kafka_conf_t* conf = rd_kafka_conf(client->get());
    std::array<char, 256> text{};
    std::size_t size = text.size();
    return rd_kafka_conf_get(conf, name, text.data(), &size) == RD_KAFKA_CONF_OK ? text.data() : "(unknown)";
  }

  KafkaSettings settings_;
  ClientEvents events_;
};

TEST_F(KafkaClient, EveryRoleOpensWithTheDefaults) {
  for (const Role role : {Role::admin, Role::producer, Role::reader}) {
    EXPECT_TRUE(open_client(role, settings_, events_));
  }
  const Property group[] = {{"group.id", "g"}};
  EXPECT_TRUE(open_client(Role::consumer, settings_, events_, group));
}

TEST_F(KafkaClient, EveryCompressionOfOursIsBuiltIn) {
  for (const char* compression : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    settings_.properties["compression.type"] = compression;
    EXPECT_TRUE(open_client(Role::producer, settings_, events_)) << compression;
  }
}

TEST_F(KafkaClient, NoPropertyNamesAProgramOrALibrary) {
  for (const char* name :
       {"plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers"}) {
    settings_.properties = {{name, "/tmp/x"}};
    const Error error = refused();
    EXPECT_EQ(error.kind, ErrorKind::misconfigured) << name;
    EXPECT_NE(error.message.find("a program or a library"), std::string::npos) << error.message;
  }
}

TEST_F(KafkaClient, TlsAndScramAreBuiltIn) {
  settings_.security_protocol = "sasl_ssl";
  settings_.sasl_mechanism = "SCRAM-SHA-512";
  settings_.sasl_username = "sink";
  settings_.sasl_password = Secret("canary");
  EXPECT_TRUE(open_client(Role::producer, settings_, events_));
}

TEST_F(KafkaClient, PropertiesReachTheClientAndGoBeforeOurOwn) {
  EXPECT_EQ(property(Role::producer, "compression.type"), "none");
  settings_.compression = TopicCompression::lz4;
  EXPECT_EQ(property(Role::producer, "compression.type"), "lz4");
  EXPECT_EQ(property(Role::producer, "linger.ms"), "10");
  EXPECT_EQ(property(Role::reader, "queued.max.messages.kbytes"), "16384");
  EXPECT_EQ(property(Role::consumer, "topic.metadata.refresh.interval.ms"), "10000");
  settings_.metadata_refresh = std::chrono::milliseconds(700);
  EXPECT_EQ(property(Role::consumer, "topic.metadata.refresh.interval.ms"), "700");
  settings_.properties = {{"socket.keepalive.enable", "true"},
                          {"compression.type", "zstd"},
                          {"linger.ms", "50"},
                          {"queued.max.messages.kbytes", "8192"}};
  EXPECT_EQ(property(Role::producer, "socket.keepalive.enable"), "true");
  EXPECT_EQ(property(Role::producer, "compression.type"), "zstd");
  EXPECT_EQ(property(Role::producer, "linger.ms"), "50");
  EXPECT_EQ(property(Role::reader, "queued.max.messages.kbytes"), "8192");
}

TEST_F(KafkaClient, OnlyAConsumerHasTheBrokerWaitForMore) {
  EXPECT_EQ(property(Role::consumer, "fetch.wait.max.ms"), "100");
  EXPECT_EQ(property(Role::reader, "fetch.wait.max.ms"), "10");
}

TEST_F(KafkaClient, SecretsAreNotTakenAsProperties) {
  for (const char* name :
       {"sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"}) {
    settings_.properties = {{name, "canary"}};
    const Error error = refused();
    EXPECT_EQ(error.kind, ErrorKind::misconfigured);
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("canary"), std::string::npos) << error.message;
  }
}

TEST_F(KafkaClient, SettingsThePromisesRestOnCannotBeChanged) {
  for (const char* name : {"acks", "enable.idempotence", "enable.auto.commit", "auto.offset.reset",
                           "isolation.level", "enable.partition.eof"}) {
    settings_.properties = {{name, "1"}};
    const Error error = refused();
    EXPECT_EQ(error.kind, ErrorKind::misconfigured);
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
  }
}

TEST_F(KafkaClient, ARefusedSettingIsNamedAndItsValueIsNot) {
  settings_.properties["no.such.setting"] = "canary";
  const Error error = refused();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_NE(error.message.find("no.such.setting"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("canary"), std::string::npos) << error.message;
}

TEST_F(KafkaClient, ARecordIsGivenUpAfterItsDeliveryTimeout) {
  settings_.bootstrap_servers = "127.0.0.1:1";
  settings_.delivery_timeout = std::chrono::milliseconds(200);
  // Not by KafkaLog, which asks the broker for the topic first.
  const auto producer = KafkaProducer::open(settings_, "events");
  ASSERT_TRUE(producer) << producer.error().message;
  ASSERT_TRUE((*producer)->send(std::nullopt, "value"));
  ASSERT_TRUE((*producer)->flush(support::kPatience));
  EXPECT_EQ((*producer)->counts().failed, 1U);
}

TEST_F(KafkaClient, SettingsThatDoNotFitTogetherAreMisconfigured) {
  settings_.security_protocol = "sasl_plaintext";
  settings_.sasl_mechanism = "PLAIN";
  EXPECT_EQ(refused().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::log::kafka
