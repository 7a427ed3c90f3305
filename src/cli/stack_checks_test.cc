#include "cli/stack_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

using testing::HasSubstr;

constexpr StackPart kPart{
    .name = "airflow", .service = "airflow-api-server", .variable = "AIRFLOW_PORT", .port = 8080};

TEST(StackSettings, AreThoseOfTheExampleUntilTheyAreSet) {
  const StackSettings settings;
  EXPECT_EQ(settings.kafka_port, 9092);
  EXPECT_EQ(settings.kafdrop_port, 9000);
  EXPECT_EQ(settings.dashboard_port, 8090);
  EXPECT_EQ(settings.topic, "spotify-events");
  EXPECT_EQ(settings.minio_user, "generate");
}

TEST(StackSettings, ProfilesAreNamesInAList) {
  StackSettings settings;
  settings.profiles = "core,airflow";
  EXPECT_TRUE(has_profile(settings, "core"));
  EXPECT_TRUE(has_profile(settings, "airflow"));
  EXPECT_FALSE(has_profile(settings, "ui"));
  EXPECT_FALSE(has_profile(settings, "air"));
  settings.profiles = "*";
  EXPECT_TRUE(has_profile(settings, "ui"));
}

TEST(StackSecrets, AreTakenAsTheyWerePrinted) {
  StackSettings settings;
  ASSERT_TRUE(
      take_secrets(settings,
                   "MINIO_ROOT_USER=spotify-1\r\nMINIO_ROOT_PASSWORD=a=b $c'\"\nAIRFLOW_ADMIN_USER=admin\n"
                   "AIRFLOW_ADMIN_PASSWORD=#x\nDASHBOARD_TOKEN=0123456789abcdef\r\n"));
  EXPECT_EQ(settings.minio_user, "spotify-1");
  EXPECT_EQ(settings.minio_password.reveal(), "a=b $c'\"");
  EXPECT_EQ(settings.airflow_password.reveal(), "#x");
  EXPECT_EQ(settings.dashboard_token.reveal(), "0123456789abcdef");
}

TEST(StackSecrets, OneThatIsMissingIsNamed) {
  StackSettings settings;
  const auto taken =
      take_secrets(settings, "MINIO_ROOT_USER=u\nMINIO_ROOT_PASSWORD=p\nAIRFLOW_ADMIN_USER=admin\n");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(taken.error().message, HasSubstr("AIRFLOW_ADMIN_PASSWORD"));
  EXPECT_FALSE(take_secrets(settings, ""));
}

TEST(StackSecrets, OneThatTheStackMadeMustBeGiven) {
  EXPECT_TRUE(check_known(kPart, "admin", Secret("p")));
  for (const char* generated : {"generate", ""}) {
    const auto known = check_known(kPart, "admin", Secret(generated));
    ASSERT_FALSE(known);
    EXPECT_EQ(known.error().kind, ErrorKind::misconfigured);
    EXPECT_THAT(known.error().message, HasSubstr("secrets show"));
  }
}

struct Case {
  StackAnswer answer;
  ErrorKind kind;
  const char* said;
};

TEST(StackLogins, AnswersMeanWhatTheySay) {
  const auto right = judge_login(kPart, {.status = 201}, 201, "admin");
  ASSERT_TRUE(right);
  EXPECT_EQ(*right, "127.0.0.1:8080: user admin can log in");
  for (const Case& one :
       {Case{{.why = "connection refused"}, ErrorKind::unavailable, "connection refused; in docker/"},
        Case{{.status = 503}, ErrorKind::unavailable, "not ready (HTTP 503)"},
        Case{{.status = 401}, ErrorKind::unauthorized, "user admin was refused"},
        Case{{.status = 403}, ErrorKind::unauthorized, "user admin was refused"},
        Case{{.status = 200}, ErrorKind::misconfigured, "set AIRFLOW_PORT"},
        Case{{.status = 404}, ErrorKind::misconfigured, "something else answers there"}}) {
    const auto judged = judge_login(kPart, one.answer, 201, "admin");
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().kind, one.kind) << judged.error().message;
    EXPECT_THAT(judged.error().message, HasSubstr(one.said));
  }
}

TEST(StackPages, APageMustBeTheRightOne) {
  EXPECT_TRUE(judge_page(kPart, {.status = 200, .body = "<title>Kafdrop: Broker List</title>"}, "Kafdrop"));
  EXPECT_EQ(judge_page(kPart, {.status = 200, .body = "It works!"}, "Kafdrop").error().kind,
            ErrorKind::misconfigured);
  EXPECT_EQ(judge_page(kPart, {.status = 404, .body = "Kafdrop"}, "Kafdrop").error().kind,
            ErrorKind::misconfigured);
  EXPECT_EQ(judge_page(kPart, {.status = 502}, "Kafdrop").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(judge_page(kPart, {.why = "no route"}, "Kafdrop").error().kind, ErrorKind::unavailable);
}

TEST(StackPages, TheDashboardIsKnownByWhatThereIsToBeSeen) {
  constexpr StackPart kDashboard{
      .name = "dashboard", .service = "dashboard", .variable = "DASHBOARD_PORT", .port = 8090};
  const std::string script = R"(sdp.receive("current", {"version":1});)";
  EXPECT_EQ(*judge_dashboard(kDashboard, {.status = 200, .body = script}),
            "127.0.0.1:8090: the token opens its pages");
  for (const Case& one :
       {Case{{.why = "connection refused"}, ErrorKind::unavailable, "connection refused; in docker/"},
        Case{{.status = 401, .body = script}, ErrorKind::unauthorized, "the token was refused (HTTP 401)"},
        Case{{.status = 404, .body = script}, ErrorKind::misconfigured, "set DASHBOARD_PORT"},
        Case{{.status = 200, .body = "It works!"},
             ErrorKind::misconfigured,
             "something else answers there"}}) {
    const auto judged = judge_dashboard(kDashboard, one.answer);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().kind, one.kind) << judged.error().message;
    EXPECT_THAT(judged.error().message, HasSubstr(one.said));
  }
}

}  // namespace
}  // namespace sdp::cli
