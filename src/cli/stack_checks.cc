#include "cli/stack_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "os/files.h"
#include "settings/table.h"
#include "site/scripts.h"

namespace sdp::cli {
namespace {

constexpr std::string_view kGenerated = "generate";

/// What docker/.env.example has, which stands in the table of settings and nowhere else.
std::string example(std::string_view name) {
  const settings::Setting* setting = settings::find_name(name);
  SDP_ASSERT(setting != nullptr && setting->stack);
  return std::string(*setting->stack);
}

std::uint16_t example_port(std::string_view name) {
  const std::string text = example(name);
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  SDP_ASSERT(port != 0);
  return port;
}

bool is_generated(std::string_view value) {
  return value.empty() || value == kGenerated;
}

/// What is wrong with an answer whoever gives it; nothing when it is one that can be judged.
Result<void> check_answered(const StackPart& part, const StackAnswer& answer) {
  if (answer.status == 0) return std::unexpected(not_answering(part, answer.why));
  if (answer.status >= 500)
    return std::unexpected(not_answering(part, fmt::format("it is not ready (HTTP {})", answer.status)));
  return {};
}

std::unexpected<Error> refused(const StackPart& part, std::string_view who, long status) {
  return fail(
      ErrorKind::unauthorized,
      fmt::format("{}: {} was refused (HTTP {}); in docker/, `docker compose run --rm secrets show` prints "
                  "what the stack was made with, and a change of docker/.env counts after `docker compose up "
                  "--force-recreate`",
                  part.place(), who, status));
}

std::unexpected<Error> stranger(const StackPart& part, const StackAnswer& answer) {
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "{}: something else answers there (HTTP {}); stop it, or set {} in docker/.env to another port",
          part.place(), answer.status, part.variable));
}

}  // namespace

StackSettings::StackSettings()
    : profiles(example("stack.compose-profiles")),
      topic(example("kafka.topic")),
      bucket(example("stack.minio-bucket")),
      kafka_port(example_port("stack.kafka-port")),
      minio_port(example_port("stack.minio-port")),
      console_port(example_port("stack.minio-console-port")),
      kafdrop_port(example_port("stack.kafdrop-port")),
      airflow_port(example_port("stack.airflow-port")),
      dashboard_port(example_port("stack.dashboard-port")),
      minio_user(example("stack.minio-root-user")),
      minio_password(example("stack.minio-root-password")),
      airflow_user(example("stack.airflow-admin-user")),
      airflow_password(example("stack.airflow-admin-password")),
      dashboard_token(example("stack.dashboard-token")) {}

bool has_profile(const StackSettings& settings, std::string_view profile) {
  std::string_view rest = settings.profiles;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one == profile || one == "*") return true;
  }
  return false;
}

Result<void> take_secrets(StackSettings& settings, std::string_view shown) {
  auto values = os::parse_assignments(shown);
  for (const char* name : {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "AIRFLOW_ADMIN_USER",
                           "AIRFLOW_ADMIN_PASSWORD", "DASHBOARD_TOKEN"}) {
    // A container that has a terminal ends lines in CR LF.
    std::string& value = values[name];
    if (value.ends_with('\r')) value.pop_back();
    if (value.empty()) {
      return fail(
          ErrorKind::bad_input,
          fmt::format("--secrets: there is no {}; give what `docker compose run --rm secrets show` prints",
                      name));
    }
  }
  settings.minio_user = values["MINIO_ROOT_USER"];
  settings.minio_password = Secret(values["MINIO_ROOT_PASSWORD"]);
  settings.airflow_user = values["AIRFLOW_ADMIN_USER"];
  settings.airflow_password = Secret(values["AIRFLOW_ADMIN_PASSWORD"]);
  settings.dashboard_token = Secret(values["DASHBOARD_TOKEN"]);
  return {};
}

std::string StackPart::place() const {
  return fmt::format("127.0.0.1:{}", port);
}

Error not_answering(const StackPart& part, std::string_view why) {
  return {ErrorKind::unavailable,
          fmt::format("{}: {}; in docker/, `docker compose ps {}` and `docker compose logs {}` say more",
                      part.place(), why, part.service, part.service)};
}

Result<void> check_known(const StackPart& part, std::string_view user, const Secret& password) {
  if (!is_generated(user) && !is_generated(password.reveal())) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "{}: the stack made its password, which was not given; in docker/, `docker compose run --rm "
          "secrets show` prints it, and `--secrets -` reads that",
          part.place()));
}

Result<std::string> judge_page(const StackPart& part, const StackAnswer& answer, std::string_view mark) {
  SDP_RETURN_IF_ERROR(check_answered(part, answer));
  if (answer.status != 200 || !answer.body.contains(mark)) return stranger(part, answer);
  return fmt::format("{}: its page is there", part.place());
}

bool is_dashboard(const StackAnswer& answer) {
  return answer.status == 200 && answer.body.starts_with(site::kCurrentBegins);
}

Result<std::string> judge_dashboard(const StackPart& part, const StackAnswer& answer) {
  SDP_RETURN_IF_ERROR(check_answered(part, answer));
  if (answer.status == 401) return refused(part, "the token", answer.status);
  if (!is_dashboard(answer)) return stranger(part, answer);
  return fmt::format("{}: the token opens its pages", part.place());
}

Result<std::string> judge_login(const StackPart& part, const StackAnswer& answer, long status,
                                std::string_view user) {
  SDP_RETURN_IF_ERROR(check_answered(part, answer));
  if (answer.status == 401 || answer.status == 403)
    return refused(part, fmt::format("user {}", user), answer.status);
  if (answer.status != status) return stranger(part, answer);
  return fmt::format("{}: user {} can log in", part.place(), user);
}

}  // namespace sdp::cli
