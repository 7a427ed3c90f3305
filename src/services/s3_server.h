#pragma once

#include "local/credentials.h"
#include "services/server.h"
#include "services/settings.h"

namespace sdp::services {

/// The S3 server that the settings choose, on loopback. It gets the credentials by its environment.
Server s3_server(const Settings& settings, const local::Credentials& credentials);

}  // namespace sdp::services
