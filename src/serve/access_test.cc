#include "serve/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace sdp::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "0123456789abcdef&+ ";

Access local() {
  return Access::make({.ip = "127.0.0.1", .port = 8090}, {}).value();
}

Access guarded(const char* ip = "0.0.0.0") {
  return Access::make({.ip = ip, .port = 8090}, Secret(kToken)).value();
}

Request request(std::string target = "/", std::string host = "127.0.0.1:8090") {
  Request asked;
  asked.method = "GET";
  asked.target = std::move(target);
  asked.host = std::move(host);
  return asked;
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [one, value] : response.headers) {
    if (one == name) return value;
  }
  return {};
}

TEST(Access, WhatOthersReachNeedsAToken) {
  const auto open = Access::make({.ip = "0.0.0.0", .port = 8090}, {});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind, ErrorKind::misconfigured);
  EXPECT_THAT(open.error().message, HasSubstr("SERVE_TOKEN"));
}

TEST(Access, AShortTokenIsNoneAndIsNotShown) {
  const auto made = Access::make({.ip = "127.0.0.1", .port = 8090}, Secret("0123456789abcde"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, Not(HasSubstr("0123456789abcde")));
}

TEST(Access, OnLoopbackOnlyLoopbacksNamesAreAnswered) {
  for (const char* host :
       {"127.0.0.1:8090", "127.0.0.1", "localhost:8090", "LocalHost", "[::1]:8090", "127.1.2.3:1"})
    EXPECT_FALSE(local().refuse(request("/", host))) << host;
  for (const char* host :
       {"", "evil.example", "evil.example:8090", "127.0.0.1.evil.example", "localhost.evil.example",
        "127.0.0.1:8090:1", "127.0.0.1:x", "[::2]", "::1", "127.evil.example", "[::1]x"})
    EXPECT_EQ(local().refuse(request("/", host))->status, 421U) << host;
  EXPECT_EQ(guarded("127.0.0.1").refuse(request("/", "evil.example"))->status, 421U);
}

TEST(Access, PagesOfOthersGetNoData) {
  for (const char* site : {"cross-site", "same-site", "anything"}) {
    Request asked = request("/data/current.js");
    asked.fetch_site = site;
    EXPECT_EQ(local().refuse(asked)->status, 403U) << site;
  }
  for (const char* site : {"same-origin", "none", ""}) {
    Request asked = request("/data/current.js");
    asked.fetch_site = site;
    EXPECT_FALSE(local().refuse(asked)) << site;
  }
  Request link = request("/music.html");
  link.fetch_site = "cross-site";
  EXPECT_FALSE(local().refuse(link));
}

TEST(Access, ATokenIsAskedForEverywhere) {
  for (const char* target : {"/", "/data/current.js", "/music.html", "/nothing"}) {
    const auto refused = guarded().refuse(request(target, "dash.example"));
    ASSERT_TRUE(refused) << target;
    EXPECT_EQ(refused->status, 401U);
    EXPECT_THAT(refused->body, HasSubstr("<form method=\"get\""));
  }
}

TEST(Access, TheTokenComesAsABearer) {
  Request asked = request("/", "dash.example");
  asked.authorization = std::string("Bearer ") + kToken;
  EXPECT_FALSE(guarded().refuse(asked));
  for (const std::string& wrong : {std::string("Bearer "), std::string("Bearer x"), std::string(kToken),
                                   std::string("Basic ") + kToken, "Bearer " + base::sha256_hex(kToken)}) {
    asked.authorization = wrong;
    EXPECT_TRUE(guarded().refuse(asked)) << wrong;
  }
}

TEST(Access, TheTokenInTheAddressBecomesACookie) {
  const auto admitted = guarded().admit(request("/?token=0123456789abcdef%26%2B+&x=1", "dash.example"));
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->status, 303U);
  EXPECT_EQ(header(*admitted, "Location"), "/");
  const std::string cookie = header(*admitted, "Set-Cookie");
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Lax"));
  EXPECT_THAT(cookie, Not(HasSubstr("0123456789abcdef")));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure")));

  Request asked = request("/", "dash.example");
  asked.cookie = "a=b; " + cookie.substr(0, cookie.find(';')) + "; c=d";
  EXPECT_FALSE(guarded().refuse(asked));
  asked.cookie = "spotify_pages=" + base::sha256_hex("cookie:another token of enough length");
  EXPECT_TRUE(guarded().refuse(asked));
  asked.cookie = "spotify_pages=";
  EXPECT_TRUE(guarded().refuse(asked));
}

TEST(Access, BehindAProxyWithTlsTheCookieStaysOnTls) {
  Request asked = request("/?token=0123456789abcdef%26%2B+", "dash.example");
  asked.forwarded_proto = "https";
  EXPECT_THAT(header(*guarded().admit(asked), "Set-Cookie"), HasSubstr("; Secure"));
}

TEST(Access, AWrongTokenInTheAddressIsNoCookie) {
  for (const char* given : {"", "x", "0123456789abcdef", "%", "%4", "%zz"}) {
    const auto answer = guarded().admit(request(std::string("/?token=") + given, "dash.example"));
    ASSERT_TRUE(answer) << given;
    EXPECT_EQ(answer->status, 401U) << given;
    EXPECT_EQ(header(*answer, "Set-Cookie"), "") << given;
  }
}

TEST(Access, WithoutATokenTheAddressMeansNothing) {
  EXPECT_FALSE(local().admit(request("/?token=x")));
}

}  // namespace
}  // namespace sdp::serve
