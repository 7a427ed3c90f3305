#include "store/s3/credentials.h"

#include <algorithm>

namespace sdp::store::s3 {

bool fits_a_header(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c <= 0x7E; });
}

Result<void> check(const Credentials& credentials) {
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return fail(ErrorKind::misconfigured, "S3: the access key or the secret key is missing; give both");
  }
  if (!fits_a_header(credentials.access_key) || credentials.access_key.contains('/') ||
      !fits_a_header(credentials.secret_key.reveal()) || !fits_a_header(credentials.session_token.reveal())) {
    return fail(ErrorKind::misconfigured,
                "S3: the access key, secret key or session token has characters that none can have, perhaps "
                "a line end; enter it again");
  }
  return {};
}

}  // namespace sdp::store::s3
