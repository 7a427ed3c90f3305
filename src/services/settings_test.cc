#include "services/settings.h"

#include <gtest/gtest.h>

namespace sdp::services {
namespace {

TEST(S3ServerName, GoesThereAndBack) {
  for (const auto server : {S3Server::minio, S3Server::versitygw})
    EXPECT_EQ(parse_s3_server(name(server)).value(), server);
  EXPECT_FALSE(parse_s3_server("ceph"));
}

}  // namespace
}  // namespace sdp::services
