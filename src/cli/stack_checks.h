#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sdp::cli {

/// The container stack as this machine reaches it. The values are those of docker/.env.example until
/// docker/.env says otherwise.
struct StackSettings {
  StackSettings();

  std::string profiles;
  std::string topic;
  std::string bucket;
  std::uint16_t kafka_port = 0;
  std::uint16_t minio_port = 0;
  std::uint16_t console_port = 0;
  std::uint16_t kafdrop_port = 0;
  std::uint16_t airflow_port = 0;
  std::uint16_t dashboard_port = 0;
  std::string minio_user;
  Secret minio_password;
  std::string airflow_user;
  Secret airflow_password;
  Secret dashboard_token;
};

/// `profiles` are separated by commas.
bool has_profile(const StackSettings& settings, std::string_view profile);

/// Takes what `docker compose run --rm secrets show` printed: NAME=VALUE a line, the value as it is. It goes
/// before what is set, since it is what the servers have. `bad_input` when a user or a password is missing.
Result<void> take_secrets(StackSettings& settings, std::string_view shown);

/// Who answers at a port of this machine, and whose setting that port is.
struct StackPart {
  std::string_view name;      ///< of the check
  std::string_view service;   ///< of docker-compose.yml
  std::string_view variable;  ///< of docker/.env
  std::uint16_t port = 0;

  /// `127.0.0.1:9000`
  std::string place() const;
};

/// An answer, or why there is none.
struct StackAnswer {
  long status = 0;
  std::string body{};
  std::string why{};  ///< where there is none
};

/// Something like `why`, with the commands that show what the container does.
Error not_answering(const StackPart& part, std::string_view why);

/// `misconfigured` when the stack made the password itself and nobody said which.
Result<void> check_known(const StackPart& part, std::string_view user, const Secret& password);

/// A page is right when `mark` is in it. `unavailable`: nothing answers, or it is not ready; `misconfigured`:
/// something else answers there.
Result<std::string> judge_page(const StackPart& part, const StackAnswer& answer, std::string_view mark);

/// Whether somebody answered with the script that tells what there is to be seen: `serve` does, and no other.
bool is_dashboard(const StackAnswer& answer);

/// The same for that script, asked for with the token. `unauthorized`: it was refused.
Result<std::string> judge_dashboard(const StackPart& part, const StackAnswer& answer);

/// The same for a login, which is answered with `status`. `unauthorized`: it was refused.
Result<std::string> judge_login(const StackPart& part, const StackAnswer& answer, long status,
                                std::string_view user);

}  // namespace sdp::cli
