#include "services/make_credentials.h"

#include <sys/random.h>

#include <array>
#include <span>
#include <string_view>

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

Result<local::Credentials> load_or_make_credentials(const std::filesystem::path& data) {
  SDP_TRY(auto existing, local::load_credentials(data));
  if (existing) return *std::move(existing);
  SDP_TRY(auto access_key, random_text(kAccessKeySize));
  SDP_TRY(auto secret_key, random_text(kSecretKeySize));
  local::Credentials made{.access_key = std::move(access_key), .secret_key = Secret(std::move(secret_key))};
  SDP_RETURN_IF_ERROR(local::write_credentials(data, made));
  return made;
}

}  // namespace sdp::services
