#include <chrono>
#include <map>
#include <mutex>
#include <set>

#include "base/clock.h"
#include "contract/object_store_contract.h"
#include "store/s3/s3_store.h"
#include "support/child_process.h"
#include "support/fault_server.h"

namespace sdp::store::s3 {
namespace {

using std::chrono::milliseconds;
using support::Exchange;
using support::FaultServer;
using support::s3_error;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

S3Settings settings_for(const std::string& endpoint) {
  S3Settings settings;
  settings.endpoint = endpoint;
  settings.bucket = "spotify";
  settings.keys.access_key = "access";
  settings.keys.secret_key = Secret("canary-secret");
  settings.connect_timeout = milliseconds(500);
  settings.total_timeout = milliseconds(400);
  settings.retry = {.attempts_max = 3, .delay_first = milliseconds(5), .delay_max = milliseconds(20)};
  return settings;
}

std::unique_ptr<S3Store> open(const S3Settings& settings) {
  auto credentials = std::make_unique<CredentialKeeper>("a test", settings.keys, CredentialKeeper::Source(),
                                                        base::system_clock());
  return *S3Store::open(settings, std::move(credentials), base::system_clock(), Rng(1));
}
std::unique_ptr<S3Store> open(const FaultServer& server) {
  return open(settings_for(server.endpoint()));
}

Result<PutOutcome> put(ObjectStore& store, std::string_view body = "x") {
  return store.put_new("bronze/a=1", body, {{"topic", "t"}}, "text/plain");
}

/// A bucket in memory behind the S3 protocol, as far as puts and gets go.
class Bucket {
 public:
  int put(Exchange& exchange) {
    const std::string body = exchange.read_body();
    std::lock_guard lock(mutex_);
    return objects_.try_emplace(exchange.target, body).second ? 200 : 412;
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return objects_.size();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
};

TEST(S3Faults, APutCarriesConditionHashAndSignature) {
  std::map<std::string, std::string> headers;
  std::string target;
  FaultServer server([&](Exchange& exchange) {
    headers = exchange.headers;
    target = exchange.target;
    exchange.answer(200);
  });
  auto settings = settings_for(server.endpoint());
  settings.keys.session_token = Secret("token");
  ASSERT_EQ(*put(*open(settings)), PutOutcome::created);
  EXPECT_EQ(target, "/spotify/bronze/a%3D1");
  EXPECT_EQ(headers["if-none-match"], "*");
  EXPECT_EQ(headers["x-amz-meta-topic"], "t");
  EXPECT_EQ(headers["content-type"], "text/plain");
  EXPECT_EQ(headers["x-amz-security-token"], "token");
  EXPECT_EQ(headers["x-amz-content-sha256"],
            "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  EXPECT_THAT(headers["authorization"], AllOf(HasSubstr("AWS4-HMAC-SHA256 Credential=access/"),
                                              HasSubstr("if-none-match"), HasSubstr("x-amz-content-sha256"),
                                              HasSubstr("x-amz-security-token"), Not(HasSubstr("canary"))));
}

struct AnswerRow {
  int status;
  std::string_view code;
  ErrorKind kind;
  int attempts;
};

class S3Answers : public ::testing::TestWithParam<AnswerRow> {};

INSTANTIATE_TEST_SUITE_P(
    S3Faults, S3Answers,
    ::testing::Values(AnswerRow{500, "InternalError", ErrorKind::unavailable, 3},
                      AnswerRow{503, "SlowDown", ErrorKind::unavailable, 3},
                      AnswerRow{502, "", ErrorKind::unavailable, 3},
                      AnswerRow{429, "", ErrorKind::unavailable, 3},
                      AnswerRow{507, "XMinioStorageFull", ErrorKind::unavailable, 3},
                      AnswerRow{409, "ConditionalRequestConflict", ErrorKind::unavailable, 3},
                      AnswerRow{403, "AccessDenied", ErrorKind::unauthorized, 1},
                      AnswerRow{401, "", ErrorKind::unauthorized, 1},
                      AnswerRow{404, "NoSuchBucket", ErrorKind::misconfigured, 1},
                      AnswerRow{403, "RequestTimeTooSkewed", ErrorKind::misconfigured, 1},
                      AnswerRow{400, "InvalidArgument", ErrorKind::fatal, 1}));

TEST_P(S3Answers, AreRetriedOnlyWhileTheyCanGetBetter) {
  const AnswerRow row = GetParam();
  FaultServer server(
      [&](Exchange& exchange) { exchange.answer(row.status, row.code.empty() ? "" : s3_error(row.code)); });
  const auto outcome = put(*open(server));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, row.kind) << outcome.error().message;
  EXPECT_EQ(server.requests(), row.attempts);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("PUT s3://spotify/bronze/a=1 at " + server.endpoint()),
                                             HasSubstr(std::to_string(row.status)),
                                             HasSubstr(std::string(row.code)), Not(HasSubstr("canary"))));
}

TEST(S3Faults, ABusyServerIsAskedAgainUntilItAnswers) {
  Bucket bucket;
  FaultServer server([&](Exchange& exchange) {
    if (exchange.number < 2) return exchange.answer(503, s3_error("SlowDown"));
    exchange.answer(bucket.put(exchange));
  });
  EXPECT_EQ(*put(*open(server)), PutOutcome::created);
  EXPECT_EQ(server.requests(), 3);
}

TEST(S3Faults, APutWhoseAnswerWasLostFindsItsOwnObject) {
  Bucket bucket;
  FaultServer server([&](Exchange& exchange) {
    const int status = bucket.put(exchange);
    if (exchange.number == 0) return exchange.reset();
    exchange.answer(status);
  });
  EXPECT_EQ(*put(*open(server)), PutOutcome::exists);
  EXPECT_EQ(bucket.size(), 1);
}

TEST(S3Faults, APutWhoseAnswerCameTooLateFindsItsOwnObject) {
  Bucket bucket;
  FaultServer server([&](Exchange& exchange) {
    const int status = bucket.put(exchange);
    if (exchange.number == 0) return exchange.hang();
    exchange.answer(status);
  });
  EXPECT_EQ(*put(*open(server)), PutOutcome::exists);
}

TEST(S3Faults, AConnectionResetWithinTheBodyIsTriedAnew) {
  Bucket bucket;
  FaultServer server([&](Exchange& exchange) {
    if (exchange.number == 0) {
      exchange.read_part(100'000);
      return exchange.reset();
    }
    exchange.answer(bucket.put(exchange));
  });
  auto settings = settings_for(server.endpoint());
  settings.total_timeout = milliseconds(5'000);
  EXPECT_EQ(*put(*open(settings), std::string(8 * 1024 * 1024, 'b')), PutOutcome::created);
}

TEST(S3Faults, AnErrorHiddenInA200IsNoSuccess) {
  FaultServer always([](Exchange& exchange) { exchange.answer(200, s3_error("InternalError")); });
  EXPECT_EQ(put(*open(always)).error().kind, ErrorKind::unavailable);
  FaultServer denied([](Exchange& exchange) { exchange.answer(200, s3_error("AccessDenied")); });
  EXPECT_EQ(put(*open(denied)).error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(open(denied)->list("", [](const auto&) { return true; }).error().kind, ErrorKind::unauthorized);
}

TEST(S3Faults, AServerThatSaysNothingIsGivenUpInTime) {
  FaultServer server([](Exchange& exchange) { exchange.hang(); });
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = put(*open(server));
  EXPECT_EQ(outcome.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr(server.endpoint()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5'000));
}

TEST(S3Faults, ATrickleIsGivenUpBeforeTheTotalTime) {
  FaultServer server([](Exchange& exchange) {
    exchange.read_body();
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx");
    exchange.hang();
  });
  auto settings = settings_for(server.endpoint());
  settings.total_timeout = milliseconds(60'000);
  settings.low_speed_time = std::chrono::seconds(1);
  settings.retry.attempts_max = 1;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(open(settings)->get("a"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(10'000));
}

TEST(S3Faults, ABodyCutShortIsReadAgain) {
  FaultServer server([](Exchange& exchange) {
    exchange.read_body();
    if (exchange.number == 0) {
      exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      return exchange.close();
    }
    exchange.answer(200, "whole body");
  });
  EXPECT_EQ(open(server)->get("a")->body, "whole body");
}

TEST(S3Faults, AWrongPortIsUnavailableAndNamed) {
  const std::string endpoint = "http://127.0.0.1:" + std::to_string(support::free_port());
  const auto outcome = put(*open(settings_for(endpoint)));
  EXPECT_EQ(outcome.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(outcome.error().message,
              AllOf(HasSubstr(endpoint), HasSubstr("endpoint setting"), HasSubstr("3 attempts")));
}

TEST(S3Faults, ARedirectNamesTheRegionAndIsNotFollowed) {
  FaultServer server([](Exchange& exchange) {
    exchange.answer(301, s3_error("PermanentRedirect"),
                    "x-amz-bucket-region: eu-west-1\r\nLocation: http://127.0.0.1:1/\r\n");
  });
  const auto error = put(*open(server)).error();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_THAT(error.message, AllOf(HasSubstr("eu-west-1"), HasSubstr("us-east-1")));
  EXPECT_EQ(open(server)->head("a").error().kind, ErrorKind::misconfigured);
}

std::string list_page(std::string_view keys, bool truncated) {
  return "<ListBucketResult>" + std::string(keys) +
         (truncated ? "<IsTruncated>true</IsTruncated><NextContinuationToken>t"
                      "</NextContinuationToken>"
                    : "") +
         "</ListBucketResult>";
}
std::string listed(std::string_view key) {
  return "<Contents><Key>" + std::string(key) + "</Key><Size>1</Size></Contents>";
}
Result<int> count(ObjectStore& store) {
  int objects = 0;
  SDP_RETURN_IF_ERROR(store.list("", [&](const auto&) { return ++objects > 0; }));
  return objects;
}

TEST(S3Faults, ATruncatedListIsAskedForAgain) {
  FaultServer server([](Exchange& exchange) {
    const std::string page = list_page(listed("a") + listed("b"), false);
    exchange.answer(200, exchange.number == 0 ? page.substr(0, page.size() / 2) : page);
  });
  EXPECT_EQ(*count(*open(server)), 2);
  EXPECT_EQ(server.requests(), 2);
}

TEST(S3Faults, AListOutOfOrderIsRefused) {
  FaultServer server(
      [](Exchange& exchange) { exchange.answer(200, list_page(listed("b") + listed("a"), false)); });
  EXPECT_EQ(count(*open(server)).error().kind, ErrorKind::misconfigured);
}

TEST(S3Faults, AListThatNeverEndsIsEnded) {
  FaultServer same([](Exchange& exchange) { exchange.answer(200, list_page(listed("a"), true)); });
  EXPECT_EQ(count(*open(same)).error().kind, ErrorKind::misconfigured);
  FaultServer empty([](Exchange& exchange) { exchange.answer(200, list_page("", true)); });
  EXPECT_EQ(count(*open(empty)).error().kind, ErrorKind::unavailable);
}

TEST(S3Faults, AnswersAboveTheirLimitAreNotRead) {
  FaultServer server([](Exchange& exchange) { exchange.answer(200, std::string(200'000, 'x')); });
  auto settings = settings_for(server.endpoint());
  settings.object_bytes_max = 100'000;
  EXPECT_EQ(open(settings)->get("a").error().kind, ErrorKind::bad_input);
  FaultServer headers([](Exchange& exchange) {
    std::string many;
    for (int i = 0; i < 2000; ++i)
      many += "x-amz-meta-a" + std::to_string(i) + ": " + std::string(40, 'x') + "\r\n";
    exchange.answer(200, "", many);
  });
  EXPECT_EQ(open(headers)->head("a").error().kind, ErrorKind::bad_input);
}

TEST(S3Faults, AServerWithTheBucketOfAnotherIsMisconfigured) {
  FaultServer server([](Exchange& exchange) {
    if (exchange.method == "PUT") return exchange.answer(409, s3_error("BucketAlreadyExists"));
    exchange.answer(404, s3_error("NoSuchBucket"));
  });
  EXPECT_EQ(open(server)->ensure_bucket().error().kind, ErrorKind::misconfigured);
}

TEST(S3Faults, ABucketMadeByARivalMeanwhileIsOurs) {
  FaultServer server([](Exchange& exchange) {
    if (exchange.method == "PUT") return exchange.answer(409, s3_error("BucketAlreadyOwnedByYou"));
    exchange.answer(404, s3_error("NoSuchBucket"));
  });
  EXPECT_FALSE(*open(server)->ensure_bucket());
}

TEST(S3Faults, TheRegionIsNamedWhenABucketIsCreated) {
  std::string body;
  FaultServer server([&](Exchange& exchange) {
    if (exchange.method != "PUT") return exchange.answer(404, s3_error("NoSuchBucket"));
    body = exchange.read_body();
    exchange.answer(200);
  });
  auto settings = settings_for(server.endpoint());
  settings.region = "eu-west-1";
  EXPECT_TRUE(*open(settings)->ensure_bucket());
  EXPECT_THAT(body, HasSubstr("<LocationConstraint>eu-west-1</LocationConstraint>"));
}

TEST(S3Faults, AStoreThatOverwritesIsFoundOutByTheProbe) {
  std::string stored;
  FaultServer server([&](Exchange& exchange) {
    if (exchange.method == "GET") return exchange.answer(200, stored);
    stored = exchange.read_body();
    exchange.answer(200);
  });
  const auto probed = probe_create_only(*open(server), "bronze/_probe");
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind, ErrorKind::misconfigured);
}

TEST(S3Faults, ConnectionsAreKeptBetweenCalls) {
  std::set<const void*> connections;
  FaultServer server([&](Exchange& exchange) {
    connections.insert(&exchange);
    exchange.answer(200);
  });
  const auto store = open(server);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put(*store));
  EXPECT_EQ(connections.size(), 1);
}

TEST(S3Faults, PlainHttpIsNotSpokenToATlsEndpoint) {
  FaultServer server([](Exchange& exchange) { exchange.answer(200); });
  auto settings = settings_for("https" + server.endpoint().substr(4));
  EXPECT_FALSE(put(*open(settings)));
  EXPECT_EQ(server.requests(), 0);
}

}  // namespace
}  // namespace sdp::store::s3
