#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/s3/credential_chain.h"
#include "store/s3/credential_keeper.h"
#include "store/s3/s3_settings.h"

namespace sdp::store::s3 {

/// What a store needs besides its settings.
struct S3Access {
  std::string region;
  std::unique_ptr<CredentialKeeper> credentials;
};

/// Region and credentials, as AWS's own tools find them (docs/aws.md). The first credentials are asked for
/// now: `unavailable` when the service that has them does not answer, `misconfigured` with all that was
/// looked at when there are none. `clock` outlives what is found.
Result<S3Access> find_access(const S3Settings& settings, const LocalServers& local, Clock& clock);

}  // namespace sdp::store::s3
