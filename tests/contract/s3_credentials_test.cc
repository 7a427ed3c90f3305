// Credentials from stand-ins of the services that give them, and a store that signs with them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/utc_time.h"
#include "diag/log.h"
#include "store/s3/access.h"
#include "store/s3/s3_store.h"
#include "support/fault_server.h"
#include "support/temporary_folder.h"

namespace sdp::store::s3 {
namespace {

using std::chrono::minutes;
using support::Exchange;
using support::FaultServer;
using support::s3_error;
using support::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecret = "canary-secret-key";
constexpr std::string_view kSessionToken = "canary-session-token";
constexpr std::string_view kServiceToken = "canary-service-token";

std::string in(minutes time) {
  return base::format_iso(base::system_clock().utc_now() + time);
}

std::string document(std::string_view key, minutes life = minutes(60)) {
  return R"({"AccessKeyId": ")" + std::string(key) + R"(", "SecretAccessKey": ")" + std::string(kSecret) +
         R"(", "Token": ")" + std::string(kSessionToken) + R"(", "Expiration": ")" + in(life) + R"("})";
}

std::string assumed(std::string_view key) {
  return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>" +
         std::string(key) + "</AccessKeyId><SecretAccessKey>" + std::string(kSecret) +
         "</SecretAccessKey><SessionToken>" + std::string(kSessionToken) + "</SessionToken><Expiration>" +
         in(minutes(60)) +
         "</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
}

/// An S3 server that takes everything, and remembers what requests were signed with.
class Store {
 public:
  Store() : server_([this](Exchange& exchange) { answer(exchange); }) {}

  std::string endpoint() const { return server_.endpoint(); }
  /// From now on requests with this access key are answered as expired.
  void expire(const std::string& key) {
    std::lock_guard lock(mutex_);
    expired_ = key;
  }
  std::vector<std::string> keys() {
    std::lock_guard lock(mutex_);
    return keys_;
  }
  std::string header(const std::string& name) {
    std::lock_guard lock(mutex_);
    return headers_[name];
  }

 private:
  void answer(Exchange& exchange) {
    exchange.read_body();
    std::lock_guard lock(mutex_);
    headers_ = exchange.headers;
    const std::string& signature = headers_["authorization"];
    const std::size_t begin = signature.find("Credential=") + 11;
    keys_.push_back(signature.substr(begin, signature.find('/') - begin));
    if (keys_.back() != expired_) return exchange.answer(200);
    exchange.answer(400, exchange.method == "HEAD" ? "" : s3_error("ExpiredToken"));
  }

  std::mutex mutex_;
  std::string expired_;
  std::vector<std::string> keys_;
  std::map<std::string, std::string> headers_;
  FaultServer server_;
};

/// Nothing is found on this machine but what a test puts there.
class S3Credentials : public ::testing::Test {
 protected:
  S3Credentials() {
    settings_.endpoint = store_.endpoint();
    settings_.bucket = "spotify";
    settings_.retry = {.attempts_max = 2,
                       .delay_first = std::chrono::milliseconds(5),
                       .delay_max = std::chrono::milliseconds(20)};
    settings_.aws.credentials_file = folder_.path() / "credentials";
    settings_.aws.config_file = folder_.path() / "config";
    settings_.aws.without_metadata = true;
  }

  std::string write(const std::string& name, std::string_view text) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Result<S3Access> find() { return find_access(settings_, local_, base::system_clock()); }
  /// What stops it; empty when it is found.
  Error refusal() {
    auto found = find();
    const Error error = found ? Error{ErrorKind::fatal, "was found"} : found.error();
    EXPECT_THAT(error.message, Not(HasSubstr("canary")));
    return error;
  }
  std::unique_ptr<S3Store> open(S3Access access) {
    settings_.region = access.region;
    return *S3Store::open(settings_, std::move(access.credentials), base::system_clock(), Rng(1));
  }
  void put(ObjectStore& store) {
    const auto outcome = store.put_new("a" + std::to_string(++puts_), "x", {}, "text/plain");
    ASSERT_TRUE(outcome) << outcome.error().message;
  }

  TemporaryFolder folder_;
  Store store_;
  S3Settings settings_;
  LocalServers local_{.place = "credentials.env of nowhere"};
  int puts_ = 0;
};

TEST_F(S3Credentials, AProfilesKeysAndRegionSign) {
  write("credentials",
        "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = s\naws_session_token = t\n");
  write("config", "[profile work]\nregion = eu-west-1\n");
  settings_.aws.profile = "work";
  const auto store = open(*find());
  put(*store);
  EXPECT_EQ(store_.keys(), std::vector<std::string>{"AKIAWORK"});
  EXPECT_THAT(store_.header("authorization"), HasSubstr("/eu-west-1/s3/aws4_request"));
  EXPECT_EQ(store_.header("x-amz-security-token"), "t");
}

TEST_F(S3Credentials, AProfileThatIsSetMustBeThere) {
  settings_.aws.profile = "nobody";
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_THAT(error.message, AllOf(HasSubstr("nobody"), HasSubstr(settings_.aws.credentials_file)));
}

TEST_F(S3Credentials, AFileThatCannotBeUnderstoodIsNamedWithItsLine) {
  write("config", "[default]\nregion = eu-west-1\ncanary\n");
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_THAT(error.message, AllOf(HasSubstr(settings_.aws.config_file), HasSubstr("line 3")));
}

TEST_F(S3Credentials, NewKeysOfAProfileAreTakenWhenTheOldOnesHaveExpired) {
  write("credentials", "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
  const auto store = open(*find());
  put(*store);
  write("credentials", "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
  put(*store);
  store_.expire("OLD");
  put(*store);
  EXPECT_EQ(store_.keys(), (std::vector<std::string>{"OLD", "OLD", "OLD", "NEW"}));
}

TEST_F(S3Credentials, AHeadThatHasNoBodyIsRenewedToo) {
  write("credentials", "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
  const auto store = open(*find());
  write("credentials", "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
  store_.expire("OLD");
  EXPECT_TRUE(store->head("a"));
  EXPECT_EQ(store_.keys(), (std::vector<std::string>{"OLD", "NEW"}));
}

TEST_F(S3Credentials, ExpiredOnesWithoutSuccessorsEndTheCallAfterOneMoreTry) {
  write("credentials", "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
  const auto store = open(*find());
  store_.expire("OLD");
  const auto outcome = store->put_new("a", "x", {}, "text/plain");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::unauthorized);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("ExpiredToken"), HasSubstr("profile default")));
  EXPECT_EQ(store_.keys().size(), 2);
}

TEST_F(S3Credentials, StsGivesCredentialsForTheTokenInTheFile) {
  std::string body;
  std::string target;
  FaultServer sts([&](Exchange& exchange) {
    target = exchange.target;
    body = exchange.read_body();
    exchange.answer(200, assumed("ASIAROLE"));
  });
  settings_.aws.sts_endpoint = sts.endpoint();
  settings_.aws.web_identity_token_file = write("token", std::string(kServiceToken) + "\n");
  settings_.aws.role_arn = "arn:aws:iam::123456789012:role/sink";
  const auto store = open(*find());
  put(*store);
  EXPECT_EQ(store_.keys(), std::vector<std::string>{"ASIAROLE"});
  EXPECT_EQ(store_.header("x-amz-security-token"), kSessionToken);
  EXPECT_EQ(target, "/") << "a token in a URL would be in logs";
  EXPECT_EQ(body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fsink&"
            "RoleSessionName=spotify-pipeline&Version=2011-06-15&WebIdentityToken=" +
                std::string(kServiceToken));
}

TEST_F(S3Credentials, TheSessionHasTheNameThatIsSet) {
  std::string body;
  FaultServer sts([&](Exchange& exchange) {
    body = exchange.read_body();
    exchange.answer(200, assumed("ASIAROLE"));
  });
  settings_.aws.endpoint = sts.endpoint();  // Of every service, so of STS, too.
  settings_.aws.role_arn = "role";
  settings_.aws.role_session_name = "sink-of-team-a";
  settings_.aws.web_identity_token_file = write("token", kServiceToken);
  ASSERT_TRUE(find());
  EXPECT_THAT(body, HasSubstr("&RoleSessionName=sink-of-team-a&"));
}

TEST_F(S3Credentials, ATokenThatWasReplacedIsReadAgain) {
  std::vector<std::string> tokens;
  FaultServer sts([&](Exchange& exchange) {
    const std::string body = exchange.read_body();
    tokens.push_back(body.substr(body.rfind('=') + 1));
    exchange.answer(200, assumed("ASIA" + tokens.back()));
  });
  settings_.aws.sts_endpoint = sts.endpoint();
  settings_.aws.role_arn = "role";
  settings_.aws.web_identity_token_file = write("token", "first");
  const auto store = open(*find());
  write("token", "second");
  store_.expire("ASIAfirst");
  put(*store);
  EXPECT_EQ(tokens, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(store_.keys(), (std::vector<std::string>{"ASIAfirst", "ASIAsecond"}));
}

TEST_F(S3Credentials, WhatStsRefusesIsNamedWithoutTheToken) {
  FaultServer sts([&](Exchange& exchange) {
    exchange.read_body();
    exchange.answer(400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>" +
                             std::string(kServiceToken) + "</Message></Error></ErrorResponse>");
  });
  settings_.aws.sts_endpoint = sts.endpoint();
  settings_.aws.role_arn = "role/sink";
  settings_.aws.web_identity_token_file = write("token", kServiceToken);
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::unauthorized);
  EXPECT_THAT(error.message, AllOf(HasSubstr("role/sink"), HasSubstr(sts.endpoint()),
                                   HasSubstr("InvalidIdentityToken"), HasSubstr("/token")));
  EXPECT_EQ(sts.requests(), 1);
}

TEST_F(S3Credentials, AServiceThatIsDownIsUnavailableAndNoOtherPlaceIsTaken) {
  write("credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = s\n");
  FaultServer sts([&](Exchange& exchange) { exchange.answer(503); });
  settings_.aws.sts_endpoint = sts.endpoint();
  settings_.aws.role_arn = "role/sink";
  settings_.aws.web_identity_token_file = write("token", kServiceToken);
  EXPECT_EQ(refusal().kind, ErrorKind::unavailable);
  EXPECT_EQ(sts.requests(), 2);
  settings_.aws.web_identity_token_file = folder_.path() / "none";
  const Error missing = refusal();
  EXPECT_EQ(missing.kind, ErrorKind::misconfigured);
  EXPECT_THAT(missing.message, HasSubstr("there is no file"));
}

TEST_F(S3Credentials, AContainersEndpointIsAskedWithItsToken) {
  std::map<std::string, std::string> headers;
  std::string target;
  FaultServer agent([&](Exchange& exchange) {
    headers = exchange.headers;
    target = exchange.target;
    exchange.answer(200, document("ASIAPOD"));
  });
  settings_.aws.container_url = agent.endpoint() + "/v1/credentials?id=1";
  settings_.aws.container_token = Secret("of-the-variable");
  settings_.aws.container_token_file = write("token", "Basic " + std::string(kServiceToken) + "\n");
  const auto store = open(*find());
  put(*store);
  EXPECT_EQ(store_.keys(), std::vector<std::string>{"ASIAPOD"});
  EXPECT_EQ(target, "/v1/credentials?id=1");
  EXPECT_EQ(headers["authorization"], "Basic " + std::string(kServiceToken));
  settings_.aws.container_token_file = "";
  ASSERT_TRUE(find());
  EXPECT_EQ(headers["authorization"], "of-the-variable");
}

TEST_F(S3Credentials, AContainersEndpointThatRefusesIsNamed) {
  FaultServer agent([&](Exchange& exchange) { exchange.answer(403, std::string(kServiceToken)); });
  settings_.aws.container_url = agent.endpoint() + "/c";
  settings_.aws.container_token = Secret(std::string(kServiceToken));
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::unauthorized);
  EXPECT_THAT(error.message, AllOf(HasSubstr(agent.endpoint()), HasSubstr("403")));
  settings_.aws.container_token = Secret("canary\r\nx: y");
  EXPECT_EQ(refusal().kind, ErrorKind::misconfigured);
}

TEST_F(S3Credentials, CredentialsThatHaveEndedAlreadyAreNotTaken) {
  FaultServer agent([&](Exchange& exchange) { exchange.answer(200, document("ASIAPOD", minutes(-1))); });
  settings_.aws.container_url = agent.endpoint() + "/c";
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("clock"));
}

TEST_F(S3Credentials, AnInstanceIsAskedByVersionTwo) {
  std::vector<std::string> asked;
  FaultServer metadata([&](Exchange& exchange) {
    exchange.read_body();
    asked.push_back(exchange.method + " " + exchange.target);
    if (exchange.method == "PUT") {
      const bool has_ttl = exchange.headers.contains("x-aws-ec2-metadata-token-ttl-seconds");
      return has_ttl ? exchange.answer(200, kServiceToken) : exchange.answer(400);
    }
    if (exchange.headers["x-aws-ec2-metadata-token"] != kServiceToken) return exchange.answer(401);
    exchange.answer(200, exchange.target.ends_with('/') ? "sink-role" : document("ASIAEC2"));
  });
  settings_.aws.without_metadata = false;
  settings_.aws.metadata_endpoint = metadata.endpoint();
  const auto store = open(*find());
  put(*store);
  EXPECT_EQ(store_.keys(), std::vector<std::string>{"ASIAEC2"});
  EXPECT_EQ(asked, (std::vector<std::string>{"PUT /latest/api/token",
                                             "GET /latest/meta-data/iam/security-credentials/",
                                             "GET /latest/meta-data/iam/security-credentials/sink-role"}));
}

TEST_F(S3Credentials, WithoutAnyAllPlacesAreNamedQuickly) {
  settings_.aws.without_metadata = false;
  FaultServer silent([](Exchange& exchange) { exchange.hang(); });
  settings_.aws.metadata_endpoint = silent.endpoint();
  const auto start = std::chrono::steady_clock::now();
  const Error error = refusal();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(8)) << "two tries of a second";
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_EQ(silent.requests(), 2);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), HasSubstr("credentials.env of nowhere"),
                    HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"), HasSubstr("profile default"),
                    HasSubstr("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), HasSubstr(silent.endpoint())));
}

TEST_F(S3Credentials, AnInstanceWithoutARoleIsOneOfThePlaces) {
  FaultServer metadata([](Exchange& exchange) {
    exchange.read_body();
    exchange.method == "PUT" ? exchange.answer(200, kServiceToken) : exchange.answer(404);
  });
  settings_.aws.without_metadata = false;
  settings_.aws.metadata_endpoint = metadata.endpoint();
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_THAT(error.message, HasSubstr("the instance has no role"));
}

/// The system's clock, from some time ago or ahead.
class ShiftedClock final : public Clock {
 public:
  UtcMillis utc_now() const override { return base::system_clock().utc_now() + minutes(ahead_.load()); }
  SteadyTime steady_now() const override { return base::system_clock().steady_now(); }
  void sleep_for(std::chrono::milliseconds duration) override { base::system_clock().sleep_for(duration); }
  void go_on(minutes time) { ahead_ += static_cast<int>(time.count()); }

 private:
  std::atomic<int> ahead_ = 0;
};

TEST_F(S3Credentials, ARunThatIsLongerThanItsCredentialsGoesOn) {
  std::atomic<int> given = 0;
  std::atomic<bool> is_down = false;
  ShiftedClock clock;
  FaultServer agent([&](Exchange& exchange) {
    if (is_down) return exchange.answer(500);
    ++given;
    const auto life = clock.utc_now() - base::system_clock().utc_now() + minutes(60);
    exchange.answer(200, document("ASIA" + std::to_string(given), std::chrono::round<minutes>(life)));
  });
  settings_.aws.container_url = agent.endpoint() + "/c";
  std::string log;
  const auto levels = diag::parse_levels("debug");
  diag::configure({.format = diag::Format::json, .enabled = *levels, .write = [&log](std::string_view line) {
                     log += line;
                   }});
  auto access = *find_access(settings_, local_, clock);
  const auto store = *S3Store::open(settings_, std::move(access.credentials), clock, Rng(1));
  put(*store);
  clock.go_on(minutes(56));
  put(*store);
  is_down = true;
  clock.go_on(minutes(56));
  put(*store);
  clock.go_on(minutes(5));
  const auto ended = store->put_new("late", "x", {}, "text/plain");
  is_down = false;
  put(*store);
  diag::configure({});
  EXPECT_EQ(store_.keys(), (std::vector<std::string>{"ASIA1", "ASIA2", "ASIA2", "ASIA3"}));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(ended.error().message,
              AllOf(HasSubstr("container"), HasSubstr("late"), Not(HasSubstr("canary"))));
  EXPECT_THAT(log, AllOf(HasSubstr("s3.credentials.found"), HasSubstr("s3.credentials.renewed"),
                         HasSubstr("s3.credentials.not_renewed"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace sdp::store::s3
