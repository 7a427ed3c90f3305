#include "services/settings.h"

#include <fmt/format.h>

namespace sdp::services {
std::string_view name(S3Server server) {
  return server == S3Server::minio ? "minio" : "versitygw";
}

Result<S3Server> parse_s3_server(std::string_view text) {
  if (text == "minio") return S3Server::minio;
  if (text == "versitygw") return S3Server::versitygw;
  return fail(ErrorKind::misconfigured, fmt::format("unknown S3 server '{}'; use minio or versitygw", text));
}

}  // namespace sdp::services
