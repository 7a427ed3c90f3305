#include "services/kafka_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/files.h"
#include "services/s3_server.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Settings example() {
  Settings settings;
  settings.deps = "/deps";
  settings.data = "/data";
  settings.kafka_port = 19092;
  settings.kafka_controller_port = 19093;
  settings.s3_port = 19000;
  settings.s3_console_port = 19001;
  return settings;
}

TEST(KafkaServer, ListensOnLoopbackOnlyAndMakesNoTopicByAccident) {
  const auto properties = os::parse_assignments(kafka_properties(example()));
  EXPECT_EQ(properties.at("listeners"), "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093");
  EXPECT_EQ(properties.at("advertised.listeners"), "PLAINTEXT://127.0.0.1:19092");
  EXPECT_EQ(properties.at("auto.create.topics.enable"), "false");
  EXPECT_EQ(properties.at("group.initial.rebalance.delay.ms"), "0");
  EXPECT_EQ(properties.at("log.dirs"), "kafka");
}

TEST(KafkaServer, TakesTheArchiveOfClassesWhereThereIsOne) {
  const support::TemporaryFolder folder;
  auto settings = example();
  settings.deps = folder.path();
  const std::string option = "-XX:SharedArchiveFile=config/kafka-classes.jsa";
  EXPECT_THAT(kafka_server(settings, {}).command.arguments, Not(Contains(option)));
  ASSERT_TRUE(os::make_folder(folder.path() / "kafka-classes"));
  ASSERT_TRUE(os::write_file(folder.path() / "kafka-classes" / "kafka.jsa", "classes", 0644));
  EXPECT_THAT(kafka_server(settings, {}).command.arguments, Contains(option));
}

TEST(S3Server, SecretIsInNoArgument) {
  const local::Credentials credentials{.access_key = "the-access-key",
                                       .secret_key = Secret("the-secret-key")};
  for (const auto kind : {S3Server::minio, S3Server::versitygw}) {
    auto settings = example();
    settings.s3_server = kind;
    const auto server = s3_server(settings, credentials);
    EXPECT_THAT(server.command.arguments, Each(Not(HasSubstr("the-"))));
    EXPECT_THAT(server.command.environment, Contains(Pair(::testing::_, "the-secret-key")));
  }
}

TEST(S3Server, ListensOnLoopbackOnly) {
  const auto minio = s3_server(example(), {});
  EXPECT_THAT(minio.command.arguments, Contains("127.0.0.1:19000"));
  EXPECT_THAT(minio.command.arguments, Contains("127.0.0.1:19001"));
  EXPECT_EQ(minio.address, "http://127.0.0.1:19000");
  auto settings = example();
  settings.s3_server = S3Server::versitygw;
  const auto versitygw = s3_server(settings, {});
  EXPECT_THAT(versitygw.command.arguments, Contains("127.0.0.1:19000"));
  EXPECT_EQ(versitygw.program, "versitygw");
}

}  // namespace
}  // namespace sdp::services
