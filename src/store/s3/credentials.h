#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sdp::store::s3 {

/// What requests are signed with.
struct Credentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token{};              ///< of temporary credentials; may be empty
  std::optional<UtcMillis> expires{};  ///< none: no end is known
};

/// Whether the text can stand in a header: visible ASCII, without blanks.
bool fits_a_header(std::string_view text);

/// `misconfigured` when a key is missing or has characters that none can have. Never shows a secret.
Result<void> check(const Credentials& credentials);

}  // namespace sdp::store::s3
