#include "services/airflow_servers.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/utc_time.h"
#include "os/files.h"
#include "services/postgres_server.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

namespace fs = std::filesystem;

constexpr auto kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

Settings settings_in(const fs::path& folder) {
  Settings settings;
  settings.data = folder;
  settings.dags = folder / "dags";
  return settings;
}

TEST(AirflowSecrets, AreMadeAtRandomOnFirstUseAndKept) {
  const support::TemporaryFolder one;
  const support::TemporaryFolder two;
  const auto made = load_or_make_airflow_secrets(one.path());
  const auto again = load_or_make_airflow_secrets(one.path());
  const auto other = load_or_make_airflow_secrets(two.path());
  ASSERT_TRUE(made && again && other);
  EXPECT_EQ(made->jwt_key.reveal(), again->jwt_key.reveal());
  EXPECT_EQ(made->database_password.reveal(), again->database_password.reveal());
  EXPECT_NE(made->jwt_key.reveal(), other->jwt_key.reveal());
  EXPECT_NE(made->database_password.reveal(), other->database_password.reveal());
  EXPECT_EQ(base::from_base64(made->fernet_key.reveal()).value_or("").size(), 32u);
}

TEST(AirflowSecrets, FilesAreForTheirOwnerAlone) {
  const support::TemporaryFolder folder;
  ASSERT_TRUE(load_or_make_airflow_secrets(folder.path()));
  EXPECT_EQ(fs::status(folder.path() / "secrets.env").permissions(), kOwnerOnly);
  EXPECT_EQ(fs::status(airflow_passwords_path(folder.path())).permissions(), kOwnerOnly);
}

TEST(AirflowSecrets, FileThatOthersCanReadIsRefused) {
  const support::TemporaryFolder folder;
  ASSERT_TRUE(load_or_make_airflow_secrets(folder.path()));
  fs::permissions(airflow_passwords_path(folder.path()), fs::perms::others_read, fs::perm_options::add);
  const auto loaded = load_or_make_airflow_secrets(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::misconfigured);
}

TEST(AirflowServers, NoSecretStandsInArguments) {
  const support::TemporaryFolder folder;
  const auto settings = settings_in(folder.path());
  const auto secrets = load_or_make_airflow_secrets(folder.path());
  ASSERT_TRUE(secrets);
  auto servers = airflow_servers(settings, *secrets);
  servers.push_back(postgres_server(settings, *secrets));
  ASSERT_EQ(servers.size(), 5u);
  for (const auto& server : servers) {
    for (const auto& argument : server.command.arguments) {
      for (const auto* secret :
           {&secrets->database_password, &secrets->jwt_key, &secrets->session_key, &secrets->fernet_key})
        EXPECT_EQ(argument.find(secret->reveal()), std::string::npos) << server.role;
    }
  }
}

TEST(AirflowServers, EverythingListensOnLoopback) {
  const support::TemporaryFolder folder;
  const auto environment = airflow_environment(settings_in(folder.path()), AirflowSecrets{});
  EXPECT_EQ(environment.at("AIRFLOW__API__HOST"), "127.0.0.1");
  for (const auto& server : airflow_servers(settings_in(folder.path()), AirflowSecrets{})) {
    const auto& words = server.command.arguments;
    if (server.role == "airflow-scheduler" || server.role == "airflow-triggerer") {
      EXPECT_NE(std::find(words.begin(), words.end(), "--skip-serve-logs"), words.end());
    }
  }
}

TEST(AirflowServers, HealthIsThatOfTheComponent) {
  constexpr std::string_view kAnswer =
      R"({"metadatabase":{"status":"healthy"},"scheduler":{"status":"unhealthy","latest_scheduler_heartbeat":null},)"
      R"("triggerer":{"status":null}})";
  EXPECT_TRUE(check_health(kAnswer, "metadatabase"));
  for (const auto* name : {"scheduler", "triggerer", "dag_processor"}) {
    const auto health = check_health(kAnswer, name);
    ASSERT_FALSE(health) << name;
    EXPECT_EQ(health.error().kind, ErrorKind::retry);
  }
  EXPECT_FALSE(check_health("<html>", "scheduler"));
}

TEST(AirflowServers, HeartbeatOfADeadOneIsNotThatOfItsSuccessor) {
  constexpr std::string_view kAnswer =
      R"({"scheduler":{"status":"healthy","latest_scheduler_heartbeat":"2026-02-15T17:00:05.500000+00:00"},)"
      R"("triggerer":{"status":"healthy","latest_triggerer_heartbeat":null}})";
  const auto check = [&](std::string_view component, std::string_view name, std::string_view started) {
    return check_heartbeat(kAnswer, component, name, *base::parse_iso(started));
  };
  EXPECT_TRUE(check("scheduler", "latest_scheduler_heartbeat", "2026-02-15T17:00:05.499Z"));
  const auto stale = check("scheduler", "latest_scheduler_heartbeat", "2026-02-15T17:00:05.501Z");
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().kind, ErrorKind::retry);
  EXPECT_FALSE(check("triggerer", "latest_triggerer_heartbeat", "2026-02-15T17:00:00Z"));
  EXPECT_FALSE(check("dag_processor", "latest_dag_processor_heartbeat", "2026-02-15T17:00:00Z"));
}

TEST(AirflowServers, EveryComponentWithAHeartbeatIsAskedForAFreshOne) {
  const support::TemporaryFolder folder;
  for (const auto& server : airflow_servers(settings_in(folder.path()), AirflowSecrets{}))
    EXPECT_EQ(static_cast<bool>(server.probe_started), server.role != "airflow-api-server") << server.role;
}

}  // namespace
}  // namespace sdp::services
