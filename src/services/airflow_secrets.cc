#include "services/airflow_secrets.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "os/files.h"
#include "services/make_credentials.h"

namespace sdp::services {
namespace {

constexpr std::size_t kPasswordSize = 24;
constexpr std::size_t kKeySize = 40;
/// Five random bits a character make 160 of the key's 256; Fernet asks for this length.
constexpr std::size_t kFernetBytes = 32;

Result<void> make_passwords(const std::filesystem::path& path) {
  SDP_TRY(const auto existing, os::read_file(path));
  if (existing) return os::check_private(path);
  SDP_TRY(const auto password, random_text(kPasswordSize));
  return os::write_file(path, fmt::format("{{\"admin\": \"{}\"}}\n", password), 0600);
}

Result<void> make_secrets(const std::filesystem::path& path) {
  SDP_TRY(const auto existing, os::read_file(path));
  if (existing) return os::check_private(path);
  SDP_TRY(const auto database_password, random_text(kPasswordSize));
  SDP_TRY(const auto jwt_key, random_text(kKeySize));
  SDP_TRY(const auto session_key, random_text(kKeySize));
  SDP_TRY(const auto fernet_bytes, random_text(kFernetBytes));
  return os::write_file(path,
                        fmt::format("DATABASE_PASSWORD={}\nJWT_KEY={}\nSESSION_KEY={}\nFERNET_KEY={}\n",
                                    database_password, jwt_key, session_key, base::base64(fernet_bytes)),
                        0600);
}

}  // namespace

std::filesystem::path airflow_passwords_path(const std::filesystem::path& home) {
  return home / "passwords.json";
}

Result<AirflowSecrets> load_or_make_airflow_secrets(const std::filesystem::path& home) {
  const auto path = home / "secrets.env";
  SDP_RETURN_IF_ERROR(os::make_folder(home));
  SDP_RETURN_IF_ERROR(make_passwords(airflow_passwords_path(home)));
  SDP_RETURN_IF_ERROR(make_secrets(path));
  SDP_TRY(const auto text, os::read_file(path));
  auto fields = os::parse_assignments(text.value_or(""));
  for (const auto* name : {"DATABASE_PASSWORD", "JWT_KEY", "SESSION_KEY", "FERNET_KEY"}) {
    if (fields[name].empty())
      return fail(ErrorKind::misconfigured, fmt::format("{} must name {}", path.string(), name));
  }
  return AirflowSecrets{.database_password = Secret(fields["DATABASE_PASSWORD"]),
                        .jwt_key = Secret(fields["JWT_KEY"]),
                        .session_key = Secret(fields["SESSION_KEY"]),
                        .fernet_key = Secret(fields["FERNET_KEY"])};
}

}  // namespace sdp::services
