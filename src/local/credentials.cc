#include "local/credentials.h"

#include <fmt/format.h>

#include "os/files.h"

namespace sdp::local {

std::filesystem::path credentials_path(const std::filesystem::path& data) {
  return data / "credentials.env";
}

Result<std::optional<Credentials>> load_credentials(const std::filesystem::path& data) {
  const auto path = credentials_path(data);
  SDP_TRY(const auto text, os::read_file(path));
  if (!text) return std::optional<Credentials>{};
  SDP_RETURN_IF_ERROR(os::check_private(path));
  auto fields = os::parse_assignments(*text);
  Credentials credentials{.access_key = fields["AWS_ACCESS_KEY_ID"],
                          .secret_key = Secret(fields["AWS_SECRET_ACCESS_KEY"])};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} must name AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", path.string()));
  }
  return std::optional<Credentials>(std::move(credentials));
}

Result<void> write_credentials(const std::filesystem::path& data, const Credentials& credentials) {
  return os::write_file(credentials_path(data),
                        fmt::format("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
                                    credentials.access_key, credentials.secret_key.reveal()),
                        0600);
}

}  // namespace sdp::local
