#include "http/address.h"

#include <gtest/gtest.h>

namespace sdp::http {
namespace {

TEST(Address, IsAnIpAndAPort) {
  EXPECT_EQ(parse_address("127.0.0.1:8090")->text(), "127.0.0.1:8090");
  EXPECT_EQ(parse_address("[::1]:0")->text(), "[::1]:0");
  EXPECT_EQ(parse_address("0.0.0.0:65535")->port, 65535);
  for (const char* text :
       {"", ":8090", "127.0.0.1", "localhost:8090", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:80x", "::1:8090", "[::1]", "[::1", "[127.0.0.1]:80", "http://127.0.0.1:80"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, LoopbackIsTheMachineItself) {
  for (const char* ip : {"127.0.0.1", "127.9.9.9", "::1"})
    EXPECT_TRUE((Address{.ip = ip, .port = 1}).is_loopback()) << ip;
  for (const char* ip : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2"})
    EXPECT_FALSE((Address{.ip = ip, .port = 1}).is_loopback()) << ip;
}

}  // namespace
}  // namespace sdp::http
