#include "services/credentials.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>

#include "services/files.h"

namespace sdp::services {
namespace {

constexpr std::size_t kAccessKeySize = 20;
constexpr std::size_t kSecretKeySize = 40;
/// 32 characters, so that five bits of a random byte choose one without bias.
constexpr std::string_view kAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
static_assert(kAlphabet.size() == 32);

}  // namespace

Result<std::string> random_text(std::size_t size) {
  std::array<unsigned char, kSecretKeySize> bytes{};
  if (::getrandom(bytes.data(), size, 0) != static_cast<ssize_t>(size)) {
    return fail(ErrorKind::fatal, "the system gave no random bytes for new credentials");
  }
  std::string text;
  for (const auto byte : std::span(bytes).first(size)) text.push_back(kAlphabet[byte % kAlphabet.size()]);
  return text;
}

std::filesystem::path credentials_path(const std::filesystem::path& data) {
  return data / "credentials.env";
}

Result<std::optional<Credentials>> load_credentials(const std::filesystem::path& data) {
  const auto path = credentials_path(data);
  SDP_TRY(const auto text, read_file(path));
  if (!text) return std::optional<Credentials>{};
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    return fail(ErrorKind::misconfigured, fmt::format("{} can be read by other users; run: chmod 600 {}",
                                                      path.string(), path.string()));
  }
  auto fields = parse_assignments(*text);
  Credentials credentials{.access_key = fields["AWS_ACCESS_KEY_ID"],
                          .secret_key = Secret(fields["AWS_SECRET_ACCESS_KEY"])};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} must name AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", path.string()));
  }
  return std::optional<Credentials>(std::move(credentials));
}

Result<Credentials> load_or_make_credentials(const std::filesystem::path& data) {
  SDP_TRY(auto existing, load_credentials(data));
  if (existing) return *std::move(existing);
  SDP_TRY(const auto access_key, random_text(kAccessKeySize));
  SDP_TRY(const auto secret_key, random_text(kSecretKeySize));
  SDP_RETURN_IF_ERROR(write_file(
      credentials_path(data),
      fmt::format("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n", access_key, secret_key), 0600));
  return Credentials{.access_key = access_key, .secret_key = Secret(secret_key)};
}

}  // namespace sdp::services
