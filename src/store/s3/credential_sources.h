#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/s3/aws_profile.h"
#include "store/s3/credentials.h"
#include "store/s3/s3_settings.h"

namespace sdp::store::s3 {

// Places outside this process that give credentials. Each call asks again, twice at most where nobody
// answers. Errors are `retry` when the same call may succeed later, and never show a secret.

/// The profile that is set, or `default`. `misconfigured` when a file cannot be understood, or when the one
/// that is set is in neither.
Result<Profile> read_profile(const AwsSettings& aws);

/// By STS AssumeRoleWithWebIdentity, for the token in the file.
Result<Credentials> ask_web_identity(const AwsSettings& aws, const std::string& region, Clock& clock);

/// From the agent beside a container (Amazon ECS, EKS Pod Identity).
Result<Credentials> ask_container(const AwsSettings& aws, Clock& clock);

/// From the metadata of an EC2 instance, version 2. Errors say what was asked, within about two seconds where
/// there is no such service.
Result<Credentials> ask_instance(const AwsSettings& aws, Clock& clock);

}  // namespace sdp::store::s3
