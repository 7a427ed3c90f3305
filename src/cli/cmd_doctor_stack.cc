#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text_table.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/known_logins.h"
#include "cli/probe.h"
#include "cli/settings.h"
#include "cli/stack_checks.h"
#include "cli/wiring.h"
#include "lake/object_key.h"
#include "os/files.h"
#include "site/scripts.h"
#include "store/s3/http_client.h"

// Asks every port that the container stack publishes on this machine, one after another:
//   1. Kafka's listener for this machine: the topic, and an offset from each partition's leader, by the
//      address that the broker names.
//   2. MinIO's API: a listing of the bucket, signed.
//   3. MinIO's console: a login.
//   4. Kafdrop: its page.
//   5. Airflow: a login.
//   6. The dashboard: what there is to be seen, with the token.
// PostgreSQL and ZooKeeper have no port here.

namespace sdp::cli {
namespace {

using store::s3::HttpClient;

struct DoctorStackOptions {
  StackSettings stack;
  std::string secrets;
  bool json = false;
};

constexpr std::chrono::milliseconds kStackPatience{5'000};

StackAnswer send(HttpClient& http, const StackPart& part, const std::string& path,
                 store::s3::HttpRequest request) {
  request.url = fmt::format("http://{}{}", part.place(), path);
  return answer_of(http, std::move(request));
}

StackAnswer get(HttpClient& http, const StackPart& part, const std::string& path) {
  return send(http, part, path, {});
}

StackAnswer post(HttpClient& http, const StackPart& part, const std::string& path, const std::string& json) {
  store::s3::HttpRequest request;
  request.method = store::s3::Method::post;
  request.headers = {{"content-type", "application/json"}, {"accept", "application/json"}};
  request.body = json;
  return send(http, part, path, std::move(request));
}

Result<std::string> check_kafka(const StackPart& part, const StackSettings& stack) {
  LogSettings settings;
  settings.kafka.bootstrap_servers = part.place();
  settings.kafka.call_timeout = kStackPatience;
  settings.topic.name = stack.topic;
  SDP_TRY(auto log, open_kafka(settings, {}));
  SDP_TRY(const log::TopicInfo topic, log->describe());
  for (log::Partition partition = 0; partition < topic.partitions; ++partition) {
    SDP_TRY(std::ignore, log->watermarks(partition));
  }
  return fmt::format("{}: topic {} with {}", part.place(), topic.name,
                     base::plural(static_cast<std::uint64_t>(topic.partitions), "partition"));
}

Result<std::string> check_minio(const StackPart& part, const StackSettings& stack, Clock& clock) {
  SDP_RETURN_IF_ERROR(check_known(part, stack.minio_user, stack.minio_password));
  LakeSettings settings;
  settings.place = "s3://" + stack.bucket;
  settings.endpoint = "http://" + part.place();
  settings.s3.keys = {.access_key = stack.minio_user, .secret_key = stack.minio_password};
  settings.s3.total_timeout = kStackPatience;
  settings.s3.retry.total_max = std::chrono::seconds(2);
  SDP_TRY(auto lake, open_lake(settings, {}, clock));
  SDP_RETURN_IF_ERROR(
      lake.store->list(lake::kBronzePrefix, [](const store::ListedObject&) { return false; }));
  return fmt::format("{}: user {} can read bucket {}", part.place(), stack.minio_user, stack.bucket);
}

/// User and password as JSON, by the names that the server has for them.
std::string login(const char* user_name, const std::string& user, const char* password_name,
                  const Secret& password) {
  return nlohmann::json{{user_name, user}, {password_name, password.reveal()}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Where a password is not known, it is only seen whether anybody answers.
Result<void> check_known_or_absent(HttpClient& http, const StackPart& part, std::string_view user,
                                   const Secret& password) {
  auto known = check_known(part, user, password);
  if (known) return {};
  if (const StackAnswer page = get(http, part, "/"); page.status == 0)
    return std::unexpected(not_answering(part, page.why));
  return known;
}

Result<std::string> check_login(HttpClient& http, const StackPart& part, const std::string& path,
                                const std::string& body, long status, std::string_view user,
                                const Secret& password) {
  SDP_RETURN_IF_ERROR(check_known_or_absent(http, part, user, password));
  return judge_login(part, post(http, part, path, body), status, user);
}

Result<std::string> check_dashboard(HttpClient& http, const StackPart& part, const Secret& token) {
  SDP_RETURN_IF_ERROR(check_known_or_absent(http, part, "token", token));
  store::s3::HttpRequest request;
  request.headers = {{"authorization", "Bearer " + token.reveal()}};
  return judge_dashboard(part, send(http, part, fmt::format("/{}", site::kCurrentScript), request));
}

Result<std::string> check_console(HttpClient& http, const StackPart& part, const StackSettings& stack) {
  const std::string body = login("accessKey", stack.minio_user, "secretKey", stack.minio_password);
  return check_login(http, part, "/api/v1/login", body, 204, stack.minio_user, stack.minio_password);
}

Result<std::string> check_airflow(HttpClient& http, const StackPart& part, const StackSettings& stack) {
  const std::string body = login("username", stack.airflow_user, "password", stack.airflow_password);
  return check_login(http, part, "/auth/token", body, 201, stack.airflow_user, stack.airflow_password);
}

Result<void> read_secrets(DoctorStackOptions& options) {
  if (options.secrets.empty()) return {};
  SDP_TRY(const auto shown, os::read_file(options.secrets == "-" ? "/dev/stdin" : options.secrets));
  if (!shown)
    return fail(ErrorKind::misconfigured,
                fmt::format("--secrets {}: there is no such file", options.secrets));
  return take_secrets(options.stack, *shown);
}

/// The code of the first check that failed: they stand in the order in which parts need each other.
int exit_code_of(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    if (!check.outcome) return base::exit_code(check.outcome.error().kind);
  }
  return 0;
}

Result<int> run(DoctorStackOptions options, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(read_secrets(options));
  const StackSettings& stack = options.stack;
  SDP_TRY(const auto http,
          HttpClient::open({.scheme = "http", .use_proxy = false, .total_timeout = kStackPatience}));
  const StackPart kafka{"kafka", "kafka", "KAFKA_PORT", stack.kafka_port};
  const StackPart minio{"minio", "minio", "MINIO_PORT", stack.minio_port};
  const StackPart console{"console", "minio", "MINIO_CONSOLE_PORT", stack.console_port};
  const StackPart kafdrop{"kafdrop", "kafdrop", "KAFDROP_PORT", stack.kafdrop_port};
  const StackPart airflow{"airflow", "airflow-api-server", "AIRFLOW_PORT", stack.airflow_port};
  const StackPart dashboard{"dashboard", "dashboard", "DASHBOARD_PORT", stack.dashboard_port};
  Checks checks(options.json);
  const auto add = [&checks](const StackPart& part, auto outcome) {
    checks.add(std::string(part.name), std::move(outcome));
  };
  add(kafka, check_kafka(kafka, stack));
  add(minio, with_login(check_minio(minio, stack, runtime.clock), stack.minio_user, stack.minio_password));
  add(console, check_console(*http, console, stack));
  if (has_profile(stack, "ui")) add(kafdrop, judge_page(kafdrop, get(*http, kafdrop, "/"), "Kafdrop"));
  if (has_profile(stack, "airflow"))
    add(airflow,
        with_login(check_airflow(*http, airflow, stack), stack.airflow_user, stack.airflow_password));
  if (has_profile(stack, "airflow") || has_profile(stack, "demo"))
    add(dashboard, check_dashboard(*http, dashboard, stack.dashboard_token));
  checks.finish();
  return exit_code_of(checks.all());
}

}  // namespace

void define_doctor_stack(settings::Commands& commands, settings::Command& parent, Action& action) {
  const auto options = std::make_shared<DoctorStackOptions>();
  StackSettings& stack = options->stack;
  auto& command =
      commands.add_reader(parent.parser(), "stack",
                          "Check every port and every login of the container stack; exits with 69 when "
                          "something does not answer, and with 77 when a login is refused",
                          "  docker compose run --rm secrets show | spotify-pipeline doctor "
                          "stack --secrets -  in docker/, whose .env is read\n"
                          "  spotify-pipeline doctor stack --json                                "
                          "             for a program");
  command.bind("stack.compose-profiles", stack.profiles);
  command.bind("kafka.topic", stack.topic);
  command.bind("stack.kafka-port", stack.kafka_port);
  command.bind("stack.kafdrop-port", stack.kafdrop_port);
  command.bind("stack.minio-bucket", stack.bucket);
  command.bind("stack.minio-port", stack.minio_port);
  command.bind("stack.minio-console-port", stack.console_port);
  command.bind("stack.minio-root-user", stack.minio_user);
  command.bind("stack.minio-root-password", stack.minio_password);
  command.bind("stack.airflow-port", stack.airflow_port);
  command.bind("stack.airflow-admin-user", stack.airflow_user);
  command.bind("stack.airflow-admin-password", stack.airflow_password);
  command.bind("stack.dashboard-port", stack.dashboard_port);
  command.bind("stack.dashboard-token", stack.dashboard_token);
  command.bind("doctor.secrets", options->secrets);
  command.bind("output.json", options->json);
  command.when_chosen([options, &action] {
    action = [options](const Runtime& runtime) -> Result<int> { return run(*options, runtime); };
  });
}

}  // namespace sdp::cli
