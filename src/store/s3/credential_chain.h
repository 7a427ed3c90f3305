#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/s3/aws_profile.h"
#include "store/s3/credentials.h"
#include "store/s3/s3_settings.h"

namespace sdp::store::s3 {

// Where region and credentials come from: the order of docs/aws.md. Pure, but for the profile, which is asked
// for when its turn comes.

/// The servers that `spotify-services` starts, as far as a store needs to know them.
struct LocalServers {
  bool are_meant = false;                    ///< the endpoint is theirs
  std::string place;                         ///< of their credentials, for messages
  std::optional<Credentials> credentials{};  ///< none: never made, or the endpoint is on another machine
};

enum class CredentialPlace { settings, local_servers, web_identity, profile, container, instance };

struct CredentialChoice {
  std::optional<CredentialPlace> place;  ///< none: every place was passed over
  std::vector<std::string> passed;       ///< the places before it, and why they were passed over
};

using ProfileReader = std::function<Result<Profile>()>;

/// The first place in which something is set. `misconfigured` when what is set there cannot be used, such as
/// one key without the other, or a profile that asks for a way which we do not go.
Result<CredentialChoice> choose_credentials(const S3Settings& settings, const LocalServers& local,
                                            const ProfileReader& profile);

Result<std::string> choose_region(const S3Settings& settings, const LocalServers& local,
                                  const ProfileReader& profile);

/// The address at which a container is given credentials. `misconfigured` when it is neither https nor on
/// this machine nor one of those that Amazon ECS and EKS use: the request has a token in it.
Result<Url> container_url(const AwsSettings& aws);

}  // namespace sdp::store::s3
