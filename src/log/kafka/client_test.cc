#include "log/kafka/client.h"

#include <gtest/gtest.h>

namespace sdp::log::kafka {
namespace {

class KafkaClient : public ::testing::Test {
 protected:
  Error refused(Role role = Role::producer) {
    auto client = open_client(role, settings_, events_);
    EXPECT_FALSE(client);
    return client ? Error{} : std::move(client).error();
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
  for (const char* compression : {"none", "gzip", "lz4", "zstd"}) {
    settings_.compression = compression;
    EXPECT_TRUE(open_client(Role::producer, settings_, events_)) << compression;
  }
}

TEST_F(KafkaClient, TlsAndScramAreBuiltIn) {
  settings_.security_protocol = "sasl_ssl";
  settings_.sasl_mechanism = "SCRAM-SHA-512";
  settings_.sasl_username = "sink";
  settings_.sasl_password = Secret("canary");
  EXPECT_TRUE(open_client(Role::producer, settings_, events_));
}

TEST_F(KafkaClient, ExtraSettingsReachTheClient) {
  settings_.extra["socket.keepalive.enable"] = "true";
  EXPECT_TRUE(open_client(Role::producer, settings_, events_));
}

TEST_F(KafkaClient, SettingsThePromisesRestOnCannotBeChanged) {
  for (const char* name :
       {"acks", "enable.idempotence", "enable.auto.commit", "auto.offset.reset", "isolation.level"}) {
    settings_.extra = {{name, "1"}};
    const Error error = refused();
    EXPECT_EQ(error.kind, ErrorKind::misconfigured);
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
  }
}

TEST_F(KafkaClient, ARefusedSettingIsNamedAndItsValueIsNot) {
  settings_.extra["no.such.setting"] = "canary";
  const Error error = refused();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_NE(error.message.find("no.such.setting"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("canary"), std::string::npos) << error.message;
}

TEST_F(KafkaClient, SettingsThatDoNotFitTogetherAreMisconfigured) {
  settings_.security_protocol = "sasl_plaintext";
  settings_.sasl_mechanism = "PLAIN";
  EXPECT_EQ(refused().kind, ErrorKind::misconfigured);
}

}  // namespace
}  // namespace sdp::log::kafka
