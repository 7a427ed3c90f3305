#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/stack_checks.h"
#include "http/address.h"
#include "store/s3/http_client.h"

namespace sdp::cli {

/// A client for servers of this machine or of its stack: by no proxy, and patient for a second.
Result<std::shared_ptr<store::s3::HttpClient>> open_near_client();

/// What a request is answered with; of a page that is larger than 4 MiB, that it is.
StackAnswer answer_of(store::s3::HttpClient& http, store::s3::HttpRequest request);

/// Where a server is asked that listens at `address`: one at every address of this machine, at loopback's.
http::Address reachable(http::Address address);

/// Asks the command that answers at `listen` whether it is ready. `unavailable` says why it is not, or that
/// nothing answers there.
Result<std::string> probe_readiness(const std::string& listen);
/// The same as a command: prints where `what` is ready.
Result<int> print_readiness(const std::string& listen, std::string_view what);

}  // namespace sdp::cli
