#include "services/settings.h"

#include <fmt/format.h>

namespace sdp::services {
namespace {

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

std::string_view name(S3Server server) {
  return server == S3Server::minio ? "minio" : "versitygw";
}

Result<S3Server> parse_s3_server(std::string_view text) {
  if (text == "minio") return S3Server::minio;
  if (text == "versitygw") return S3Server::versitygw;
  return fail(ErrorKind::misconfigured, fmt::format("unknown S3 server '{}'; use minio or versitygw", text));
}

Result<std::filesystem::path> find_deps(const std::optional<std::filesystem::path>& given,
                                        const std::filesystem::path& working_folder,
                                        const std::filesystem::path& executable) {
  if (given) {
    if (is_folder(*given)) return std::filesystem::absolute(*given);
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the folder of dependencies {} is not there; run tools/setup services", given->string()));
  }
  if (is_folder(working_folder / ".deps")) return working_folder / ".deps";
  for (auto folder = executable.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    if (is_folder(folder / ".deps")) return folder / ".deps";
  }
  return fail(
      ErrorKind::misconfigured,
      "found no .deps folder here or above the executable; run tools/setup services in the checkout, or say "
      "where it is with --deps or SDP_DEPS_DIR");
}

}  // namespace sdp::services
