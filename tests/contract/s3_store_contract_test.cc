#include <atomic>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/sha256.h"
#include "contract/object_store_contract.h"
#include "store/s3/s3_store.h"
#include "support/s3_server.h"

namespace sdp::store {
namespace {

using s3::CredentialKeeper;
using s3::S3Settings;
using s3::S3Store;
using std::chrono::milliseconds;
using support::S3Server;
using support::S3ServerKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

S3Server& shared_server(S3ServerKind kind) {
  // One server of a kind for the whole run: a start takes a second.
  static S3Server minio(S3ServerKind::minio);
  static S3Server versitygw(S3ServerKind::versitygw);
  return kind == S3ServerKind::minio ? minio : versitygw;
}

S3Settings settings_for(const S3Server& server, const std::string& bucket) {
  S3Settings settings;
  settings.endpoint = server.endpoint();
  settings.bucket = bucket;
  settings.keys.access_key = server.access_key();
  settings.keys.secret_key = Secret(server.secret_key());
  settings.retry = {.attempts_max = 6, .delay_first = milliseconds(20), .delay_max = milliseconds(500)};
  return settings;
}

std::unique_ptr<S3Store> open(const S3Settings& settings) {
  auto credentials = std::make_unique<CredentialKeeper>("a test", settings.keys, CredentialKeeper::Source(),
                                                        base::system_clock());
  return *S3Store::open(settings, std::move(credentials), base::system_clock(), Rng(1));
}

std::string new_bucket() {
  static std::atomic<int> number = 0;
  return "spotify-" + std::to_string(++number);
}

class S3Place final : public StorePlace {
 public:
  explicit S3Place(S3ServerKind kind) : kind_(kind) {}
  std::unique_ptr<ObjectStore> open() override {
    return store::open(settings_for(shared_server(kind_), bucket_));
  }

 private:
  S3ServerKind kind_;
  std::string bucket_ = new_bucket();
};

StoreUnderTest under_test(std::string name, S3ServerKind kind) {
  return {std::move(name), [kind] { return std::make_unique<S3Place>(kind); }};
}

INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreContract,
                         ::testing::Values(under_test("MinIO", S3ServerKind::minio),
                                           under_test("versitygw", S3ServerKind::versitygw)));

class S3OnRealServers : public ::testing::TestWithParam<S3ServerKind> {
 protected:
  S3Server& server() { return shared_server(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(S3, S3OnRealServers,
                         ::testing::Values(S3ServerKind::minio, S3ServerKind::versitygw));

TEST_P(S3OnRealServers, AWrongSecretIsUnauthorizedAndNamesTheBucketButNoSecret) {
  auto settings = settings_for(server(), new_bucket());
  ASSERT_TRUE(open(settings)->ensure_bucket());
  settings.keys.secret_key = Secret("not-the-secret-key");
  const auto store = open(settings);
  for (const auto& error :
       {store->ensure_bucket().error(), store->put_new("a", "x", {}, "text/plain").error(),
        store->get("a").error(), store->head("a").error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unauthorized) << error.message;
    EXPECT_THAT(error.message,
                AllOf(HasSubstr(settings.bucket), HasSubstr("403"), Not(HasSubstr("not-the-secret"))));
  }
  EXPECT_THAT(store->put_new("a", "x", {}, "text/plain").error().message,
              AllOf(HasSubstr("s3://" + settings.bucket + "/a"), HasSubstr("SignatureDoesNotMatch"),
                    HasSubstr("check the secret key")));
}

TEST_P(S3OnRealServers, AnUnknownAccessKeyIsUnauthorized) {
  auto settings = settings_for(server(), new_bucket());
  settings.keys.access_key = "nobody";
  const auto error = open(settings)->ensure_bucket().error();
  EXPECT_EQ(error.kind, ErrorKind::unauthorized) << error.message;
  EXPECT_THAT(error.message, HasSubstr("InvalidAccessKeyId"));
}

TEST_P(S3OnRealServers, ABodyIsComparedWithTheHashThatItsCallerGave) {
  const auto store = open(settings_for(server(), new_bucket()));
  ASSERT_TRUE(store->ensure_bucket());
  const auto refused = store->put_new("a", {"text", base::sha256_hex("another")}, {}, "text/plain");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("SHA256"));
  EXPECT_FALSE(*store->head("a"));
  EXPECT_EQ(*store->put_new("a", {"text", base::sha256_hex("text")}, {}, "text/plain"), PutOutcome::created);
  EXPECT_EQ(store->get("a")->body, "text");
}

TEST_P(S3OnRealServers, AMissingBucketIsNamed) {
  const auto settings = settings_for(server(), new_bucket());
  const auto error = open(settings)->put_new("a", "x", {}, "text/plain").error();
  EXPECT_EQ(error.kind, ErrorKind::misconfigured);
  EXPECT_THAT(error.message, AllOf(HasSubstr(settings.bucket), HasSubstr("NoSuchBucket")));
}

TEST_P(S3OnRealServers, AStoppedServerTimesOutAsUnavailableAndServesAgainAfterwards) {
  auto settings = settings_for(server(), new_bucket());
  ASSERT_TRUE(open(settings)->ensure_bucket());
  settings.total_timeout = milliseconds(300);
  settings.retry.attempts_max = 2;
  const auto store = open(settings);
  server().process().pause();
  const auto stopped = store->put_new("a", "x", {}, "text/plain");
  server().process().resume();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::unavailable) << stopped.error().message;
  // The requests sent meanwhile may have been applied: then the answer is `exists`, with our own body.
  settings.total_timeout = milliseconds(10'000);
  ASSERT_TRUE(open(settings)->put_new("a", "x", {}, "text/plain"));
  EXPECT_EQ(open(settings)->get("a")->body, "x");
}

TEST(S3OnVersitygw, RightsThatAreMissingAreUnauthorizedAndNamed) {
  auto settings = settings_for(shared_server(S3ServerKind::versitygw), new_bucket());
  ASSERT_TRUE(open(settings)->ensure_bucket());
  const auto user = shared_server(S3ServerKind::versitygw).add_user_without_rights();
  settings.keys.access_key = user.access_key;
  settings.keys.secret_key = Secret(user.secret_key);
  const auto store = open(settings);
  for (const auto& error :
       {store->ensure_bucket().error(), store->put_new("a", "x", {}, "text/plain").error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unauthorized) << error.message;
    EXPECT_THAT(error.message,
                AllOf(HasSubstr(settings.bucket), HasSubstr("AccessDenied"), HasSubstr("s3:PutObject")));
  }
}

TEST(S3OnMinio, VirtualHostStyleReachesTheSameBucket) {
  auto settings = settings_for(shared_server(S3ServerKind::minio), new_bucket());
  ASSERT_TRUE(open(settings)->ensure_bucket());
  ASSERT_TRUE(open(settings)->put_new("a b/c=d", "x", {}, "text/plain"));
  settings.endpoint = "http://localhost:" + std::to_string(shared_server(S3ServerKind::minio).port());
  settings.path_style = false;
  const auto found = open(settings)->get("a b/c=d");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->body, "x");
}

TEST(S3OnMinio, KilledDuringUploadsItKeepsWholeObjectsOnly) {
  S3Server server(S3ServerKind::minio);
  auto settings = settings_for(server, "spotify");
  settings.retry.attempts_max = 1;
  const auto store = open(settings);
  const auto created = store->ensure_bucket();
  ASSERT_TRUE(created) << created.error().message;
  const std::string body(48 * 1024 * 1024, 'b');
  int lost = 0;
  for (int round = 0; round < 4; ++round) {
    const std::string key = "k" + std::to_string(round);
    Result<PutOutcome> outcome = PutOutcome::exists;
    std::jthread writer([&] { outcome = store->put_new(key, body, {{"n", "1"}}, "text/plain"); });
    std::this_thread::sleep_for(milliseconds(60 + 60 * round));
    server.kill();
    writer.join();
    server.start();
    const auto head = open(settings_for(server, "spotify"))->head(key);
    ASSERT_TRUE(head) << head.error().message;
    lost += outcome ? 0 : 1;
    EXPECT_TRUE(*head || !outcome) << "a durable object vanished";
    if (*head) {
      EXPECT_EQ((*head)->bytes, body.size());
      EXPECT_TRUE(store->get(key)->body == body);
    }
  }
  EXPECT_GT(lost, 0) << "no upload was cut: the test proved nothing";
}

}  // namespace
}  // namespace sdp::store
