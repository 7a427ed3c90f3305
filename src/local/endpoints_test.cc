#include "local/endpoints.h"

#include <gtest/gtest.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::local {
namespace {

const Endpoints kExample{.kafka_brokers = "127.0.0.1:9092", .s3_url = "http://127.0.0.1:9000"};

TEST(Endpoints, TextIsAsDocumented) {
  EXPECT_EQ(encode(kExample),
            "{\n"
            "  \"schema_version\": 1,\n"
            "  \"kafka\": {\n"
            "    \"bootstrap_servers\": \"127.0.0.1:9092\"\n"
            "  },\n"
            "  \"s3\": {\n"
            "    \"endpoint\": \"http://127.0.0.1:9000\"\n"
            "  }\n"
            "}\n");
}

TEST(Endpoints, AreReadAsWritten) {
  const support::TemporaryFolder folder;
  ASSERT_TRUE(write_endpoints(folder.path(), kExample));
  EXPECT_EQ(read_endpoints(folder.path()).value(), kExample);
}

TEST(Endpoints, MissingFileIsNothingAndNotAnError) {
  const support::TemporaryFolder folder;
  EXPECT_EQ(read_endpoints(folder.path()).value(), std::nullopt);
}

TEST(Endpoints, OtherTextIsRefusedWithTheFilesName) {
  for (const char* text :
       {"", "[]", "3", "{\"schema_version\":1}",
        R"({"schema_version":2,"kafka":{"bootstrap_servers":"a:1"},"s3":{"endpoint":"http://b"}})",
        R"({"schema_version":1,"kafka":{"bootstrap_servers":7},"s3":{"endpoint":"http://b"}})",
        R"({"schema_version":1,"kafka":"a:1","s3":{"endpoint":"http://b"}})"}) {
    const support::TemporaryFolder folder;
    ASSERT_TRUE(os::write_file(endpoints_path(folder.path()), text, 0644));
    const auto read = read_endpoints(folder.path());
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::misconfigured);
    EXPECT_NE(read.error().message.find("endpoints.json"), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace sdp::local
