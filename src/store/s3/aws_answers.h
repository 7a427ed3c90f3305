#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/s3/credentials.h"

namespace sdp::store::s3 {

// What the services answer that hand out temporary credentials. Pure. No error shows what was answered.

/// The XML of STS's AssumeRoleWithWebIdentity. `retry` when it is no such document, or not whole.
Result<Credentials> parse_assumed_role(std::string_view xml);
/// Code of an STS error document, in letters and dots; empty when it is none.
std::string parse_sts_code(std::string_view xml);

/// The JSON of a container's endpoint and of the instance metadata: AccessKeyId, SecretAccessKey, Token,
/// Expiration, and with the latter a Code. `retry` when it is no such document; `unavailable` with the Code
/// when that is not `Success`.
Result<Credentials> parse_credentials_document(std::string_view json);

}  // namespace sdp::store::s3
